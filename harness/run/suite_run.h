/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Runs the tests of one suite and gives every one of them a verdict. */
#include "harness/run/job.h"

/*
 * patterns: test names with shell wildcards, none: all tests. The job is open and prepared. False
 * when a pattern fits no test (one line on stderr says so).
 */
bool suite_run(struct job *j, const struct strlist *patterns);
/* Boots the suite and prints its tests, one "SUITE/TEST  what it shows" line each (or JSON). */
bool suite_list(struct job *j);
