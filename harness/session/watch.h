/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Is the target getting anywhere? Three kinds of evidence, and a limit for each (no total limit:
 * machines are slow and noisy):
 *   words  a frame on the control port or a byte in any log; not the console of a kernel that says
 *          that a CPU is stuck (session_logs.c)
 *   work   QEMU used at least WATCH_WORK_PERCENT of one CPU over a second (a quarter of a limit
 *          below 4 s); a guest that idles in HLT stays below (Linux: 1 to 2 %), one that computes
 *          does not, even on a machine that it shares with ten others. On one shared with more,
 *          being ready for WATCH_WAIT_PERCENT of the time and not let is as good.
 * Neither for `limit`: time-out. Work but no words for WATCH_SILENCE x limit: time-out too, so a
 * guest that spins silently ends as well. Time in which the harness or QEMU was stopped (a signal,
 * a debugger, a suspended host) does not count.
 */
#include <sys/types.h>

#include "harness/core/runclock.h"
#include "harness/session/effort.h"

#define WATCH_WORK_PERCENT 8
#define WATCH_WAIT_PERCENT 50
#define WATCH_SILENCE      10

/* Times are the clock's. */
struct watch {
	struct runclock clock;
	uint64_t limit; /* ms */
	uint64_t words_at, work_at;
	uint64_t sample_at;
	struct effort sample;
};

void watch_start(struct watch *w, unsigned limit_seconds);
void watch_words(struct watch *w);
/* Call at least once a second; samples the process once a second. */
void watch_look(struct watch *w, pid_t pid);
/* The same with its parts given: what the process has done by `now` of the clock; for tests. */
void watch_sample(struct watch *w, uint64_t now, const struct effort *e);
/* NULL, or what has been missing for too long (malloc'ed). */
char *watch_verdict(const struct watch *w);
