/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * When a boot got how far, in ms since QEMU was started; 0: not seen. The harness sees bytes arrive
 * in the logs (within 20 ms) and facts in INFO frames; nothing in the guest is instrumented. What
 * our own SVSM says counts first. Any other's phases are the machine's facts: the launch, the first
 * VMPL below VMPL0 that ran, and its first CPL 3.
 */
#include <jansson.h>

#include "base/types.h"

struct timeline {
	uint64_t started;   /* now_ms() */
	unsigned monitor;   /* first byte of monitor.log */
	unsigned launched;  /* the machine has launched the IGVM file */
	unsigned svsm;      /* the SVSM's first line in svsm.log */
	unsigned guest;     /* the SVSM said that it starts the guest */
	unsigned entered;   /* a VMPL below VMPL0 has run */
	unsigned user_mode; /* and was at CPL 3 */
	unsigned console;   /* first byte of console.log */
	unsigned ready;     /* HELLO */
	unsigned end;       /* of a run in which nobody said HELLO */
	bool loaded;        /* the machine has booted earlier, in another QEMU: it has no phases */
	double kernel_seconds; /* the guest's clock at its first user space instruction */
	double ready_seconds;  /* and when it sent its facts */
};

/* Lengths of the phases in ms, -1 where unknown. They add up to `ready`, or to `end`. */
struct phases {
	int monitor; /* QEMU's own start and the launch, until the SVSM's first word */
	int svsm;    /* until it starts the guest */
	int kernel;  /* until the guest's first user space instruction (bare guest: until HELLO) */
	int user;    /* until HELLO, or the end */
};

unsigned timeline_mark(const struct timeline *t, uint64_t when);
struct phases timeline_phases(const struct timeline *t);
json_t *timeline_json(const struct timeline *t);
