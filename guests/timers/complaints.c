/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The kernel's log, when all else is over. Regressions: the watchdog marks the TSC unstable, where
 * what it compares it with is slow or its CPU was taken away (oxidecomputer/propolis 328,
 * harvester/harvester 7724, projectacrn/acrn-kernel 257 and 258).
 */
#include "timers/words.h"
#include "tools/external.h"

static void complain(const char *line)
{
	external_fail(EXTERNAL_HERE, "the kernel says: %s", line);
}

EXTERNAL_TEST(silent, "propolis-328-tsc-unstable",
	      "the kernel calls no clock unstable, and misses no timer")
{
	CHECK(words_look(false, complain));
}
