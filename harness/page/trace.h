/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The numbers in monitor.log (docs/monitor.md, "Statistics"): exits by reason and VMPL, with the
 * option stats; the same as they came, with series; the states of all pages, with rmp-map. The
 * machine runs what may be hostile, and its log is a file: a line that is not as it should be is
 * passed over, and there is a limit to each table.
 */
#include "base/types.h"

#define TRACE_VMPLS 4
#define TRACE_NAME  24

struct trace_reason {
	char name[TRACE_NAME];
	uint64_t all; /* at the end, of all VMPLs */
	uint64_t vmpl[TRACE_VMPLS];
};

/* Exits of a reason and VMPL in the time up to ms, from the sample before on. */
struct trace_sample {
	unsigned ms, vmpl, reason, count;
};

enum trace_state {
	TRACE_SHARED,
	TRACE_PRIVATE, /* and not validated */
	TRACE_VALIDATED,
	TRACE_VMSA,
	TRACE_STATES
};

struct trace_stretch {
	uint64_t first, pages; /* address in bytes; pages of 4 KiB */
	enum trace_state state;
	char perms[TRACE_VMPLS * 5]; /* "rwus rwus ---- ----"; empty for shared pages */
};

struct trace {
	struct trace_reason *reasons;
	struct trace_sample *samples;
	struct trace_stretch *stretches; /* in ascending order, without overlaps */
	size_t reason_count, sample_count, stretch_count;
	unsigned kernel_ms, user_ms; /* when these phases began; 0: they did not */
	unsigned last_ms;            /* of any line */
	bool map_whole;              /* the map came to its end */
};

void trace_read(struct trace *t, const char *path);
void trace_free(struct trace *t);
const char *trace_state_name(enum trace_state s);
