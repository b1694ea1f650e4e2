/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Verdicts. Each is appended to results.jsonl when it is known, so that a harness that is killed
 * leaves what it had; junit.xml is written at the end.
 */
#include "harness/report/runfolder.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_KNOWN, /* failed, as `--known` says that it does: the harness's word, no target's */
};

struct result {
	char *suite, *test, *detail;
	enum verdict verdict;
	unsigned ms;
	bool seeded; /* of a run that can be repeated, with this seed */
	unsigned seed;
};

struct results {
	struct result *v;
	size_t n;
	size_t passed, failed, skipped, known;
	char *jsonl; /* path */
	bool seeded; /* what is added from now on is of such a run */
	unsigned seed;
};

const char *verdict_name(enum verdict v);
bool verdict_parse(const char *text, enum verdict *v);

bool results_open(struct results *r, const struct runfolder *folder);
void results_add(struct results *r, const char *suite, const char *test, enum verdict v,
		 unsigned ms, const char *detail);
/* All of other's verdicts, for a folder that sums up several suites. */
void results_merge(struct results *r, const struct results *other);
/* One result as a JSON line, without newline (malloc'ed). */
char *results_json(const struct result *r);
bool results_junit(const struct results *r, const struct runfolder *folder);
void results_free(struct results *r);
