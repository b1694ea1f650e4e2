/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Is the target getting anywhere? Three kinds of evidence, and a limit for each (no total limit:
 * machines are slow and noisy):
 *   words  a byte on the control port or in any log
 *   work   QEMU used at least WATCH_WORK_PERCENT of one CPU over a second (a quarter of a limit
 *          below 4 s); a guest that idles in HLT stays below (Linux: 1 to 2 %), one that computes
 *          does not, even on a machine that it shares with ten others
 * Neither for `limit`: time-out. Work but no words for WATCH_SILENCE x limit: time-out too, so a
 * guest that spins silently ends as well.
 */
#include <sys/types.h>

#include "base/types.h"

#define WATCH_WORK_PERCENT 8
#define WATCH_SILENCE      10

struct watch {
	uint64_t limit; /* ms */
	uint64_t words_at, work_at;
	uint64_t sample_at, sample_cpu;
};

void watch_start(struct watch *w, unsigned limit_seconds);
void watch_words(struct watch *w);
/* Call often; samples the process once a second. */
void watch_look(struct watch *w, pid_t pid);
/* NULL, or what has been missing for too long (malloc'ed). */
char *watch_verdict(const struct watch *w);
