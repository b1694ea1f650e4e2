/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a run folder says of its run, and whether another one says the same. */
#include <jansson.h>

#include "harness/report/trail.h"

struct expect {
	int code;     /* -1: the run did not come to its end */
	char *reason; /* malloc'ed; "" for none */
	char *failed; /* names of the tests that failed, a line each (malloc'ed) */
};

struct expect expect_read(const char *folder);
void expect_free(struct expect *e);
/* The same exit code, and what failed then failed again. */
bool expect_same(const struct expect *then, const struct expect *now);
/* The trails of all boots, the first one that is not equal; *boot: which. */
struct trail_compare expect_trails(const char *then, const char *now, unsigned *boot);
