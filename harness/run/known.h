/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Deviations that are known of an SVSM (`keelson test --known FILE`). A line names a test as it is
 * printed, SUITE/TEST with shell wildcards, and then says why it fails; '#' begins a comment. A
 * known failure is no failure of the run, and a listed test that passes is told.
 */
#include "base/types.h"

struct known {
	struct known_line {
		char *test, *why;
		bool met; /* known_find() has found it */
	} * v;
	size_t n;
};

/* False after one line that says what is wrong with the file. path NULL: nothing is known. */
bool known_read(struct known *k, const char *path);
/* Why the test is known to fail; NULL: it is not. */
const char *known_find(const struct known *k, const char *suite, const char *test);
/* The first line after *at that names no test which was asked for by known_find(); NULL: none. */
const char *known_unmet(const struct known *k, size_t *at);
void known_free(struct known *k);
