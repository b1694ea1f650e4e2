/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What boots and suites have measured, found in run.json: phases in ms, and latencies. All of it is
 * a target's claim: what is no number, or no plausible one, is not there.
 */
#include <jansson.h>

#include "base/types.h"

/* The phases of a boot in the order of time. */
enum phase_kind {
	PHASE_MACHINE,
	PHASE_SVSM,
	PHASE_FIRMWARE, /* and what of the kernel comes before its clock */
	PHASE_KERNEL,
	PHASE_USER,
	PHASE_KINDS
};
extern const char *const phase_names[PHASE_KINDS];

struct phase_times {
	double ms[PHASE_KINDS]; /* -1: not known */
	double all;             /* of those that are */
};

/* firmware: the boot had one. Then the guest's own clock tells how much of the time was its. */
void phases_of(struct phase_times *p, const json_t *boot, bool firmware);

#define LATENCY_VALUES 4

/* One thing that was measured, in us. */
struct latency {
	const char *key; /* of the fact */
	double us[LATENCY_VALUES];
	const char *what[LATENCY_VALUES]; /* of each: "median" */
	unsigned n;
};

/* The fact `key` as a latency; khz: of the TSC, 0: not known. False: it is none. */
bool latency_of(struct latency *l, const char *key, const char *text, double khz);
/* TSC ticks a millisecond, as the boot says; 0: it does not. */
double latency_khz(const json_t *info);
