/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How long a suite took the last time, from the newest run folder of it that has verdicts. It is
 * for an estimate alone: what cannot be read is not known, and no error.
 */
#include "harness/core/util.h"

struct past_test {
	char *name;
	unsigned ms;
};

struct past {
	unsigned ms; /* the whole run; 0: not known */
	struct past_test *v;
	size_t n;
};

/* runs: the folder of run folders; own: the folder of this run, which does not count (or NULL). */
void past_read(struct past *p, const char *runs, const char *suite, const char *own);
/* That test's time; false: it is not known. */
bool past_test_ms(const struct past *p, const char *test, unsigned *ms);
void past_free(struct past *p);
