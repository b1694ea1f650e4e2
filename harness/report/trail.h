/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Comparing the trails of two boots (docs/reproduce.md): are they one run, and if not, since when?
 */
#include "harness/core/util.h"

enum trail_verdict {
	TRAIL_EQUAL,
	TRAIL_DIFFERS, /* in one of the exits from..to; equal from and to: in that one */
	TRAIL_SHORT,   /* equal up to exit `from`, where one of them has no end: it was cut off */
	TRAIL_NONE,    /* one of them is no trail */
};

struct trail_compare {
	enum trail_verdict verdict;
	uint64_t from, to;
	uint64_t exits;      /* TRAIL_EQUAL: how many there were */
	char hash[17];       /* and their hash */
	char a[160], b[160]; /* the lines of the first exit that differs, where both have it */
};

/* Texts of two trail.log files. */
struct trail_compare trail_compare(const char *a, const char *b);
