/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The status line of a terminal: what runs, how far it is, how long it has taken and, by the time
 * of the last run (past.h), how long it still takes:
 *
 *   [linux 2/5] 12/41  1:23, about 2:10 left  tpm-killed
 *
 * Elsewhere than on a terminal all of this does nothing.
 */
#include "harness/core/util.h"

/* What a command is about to run, in that order. runs: the folder of run folders, NULL: build/runs.
 */
void progress_begin(const char *runs, const struct strlist *suites);
/* The next one of them has begun, in that folder. */
void progress_suite(const char *name, const char *folder);
/* Its tests are known. */
void progress_tests(size_t n, const char *(*name)(const void *list, size_t i), const void *list);
/* It does that now: a boot, or test i of those. */
void progress_step(const char *what);
void progress_test(size_t i);
/* Draws it again when a second has passed; called from wherever the harness waits. */
void progress_tick(void);

/* For tests: the line without its last words, by what is known now; elapsed: ms. */
struct progress_view {
	const char *suite;
	size_t suites_done, suites, tests_done, tests; /* tests 0: not known */
	uint64_t elapsed;
	int64_t left; /* ms; -1: not known */
};
char *progress_text(const struct progress_view *v, const char *what);
