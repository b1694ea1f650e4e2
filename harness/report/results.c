/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The verdicts of a run: in memory for the summary and junit.xml, and in results.jsonl as they
 * come. The file is opened for each line, so that a harness that is killed has lost nothing
 * that was known.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/output.h"
#include "harness/report/results.h"

static const char *const names[] = {"pass", "fail", "skip", "known"};

const char *verdict_name(enum verdict v)
{
	return names[v];
}

/* The word comes from the target. False: it is none of the three. */
bool verdict_parse(const char *text, enum verdict *v)
{
	for (size_t i = 0; i < VERDICT_KNOWN; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*v = (enum verdict)i;
		return true;
	}
	return false;
}

/* Makes an empty results.jsonl, which a run that never gets to a test leaves too. */
bool results_open(struct results *r, const struct runfolder *folder)
{
	*r = (struct results){.jsonl = runfolder_file(folder, "results.jsonl")};
	return output_append(r->jsonl, "");
}

char *results_json(const struct result *r)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:s}", "suite", r->suite, "test", r->test,
			      "verdict", verdict_name(r->verdict), "ms", (int)r->ms, "detail",
			      r->detail);
	char *text;

	if (r->seeded)
		json_object_set_new(o, "seed", json_integer(r->seed));
	text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(o);
	return text;
}

/* A disk that is full costs the line, not the tests that are still to run; it is told. */
static void append(const char *path, const struct result *r)
{
	char *line = results_json(r);
	char *whole = str("%s\n", line);

	output_append(path, whole);
	free(whole);
	free(line);
}

static size_t *counter(struct results *r, enum verdict v)
{
	switch (v) {
	case VERDICT_PASS:
		return &r->passed;
	case VERDICT_FAIL:
		return &r->failed;
	case VERDICT_KNOWN:
		return &r->known;
	case VERDICT_SKIP:
		break;
	}
	return &r->skipped;
}

/* Test and detail are the target's words and may hold anything. Suites have names of our own. */
void results_add(struct results *r, const char *suite, const char *test, enum verdict v,
		 unsigned ms, const char *detail)
{
	struct result *x;

	r->v = mem_grow(r->v, (r->n + 1) * sizeof(*r->v));
	x = &r->v[r->n++];
	*x = (struct result){
		str_dup(suite),
		str_ascii(str_dup(test)),
		str_ascii(str_dup(detail)),
		v,
		ms,
		r->seeded,
		r->seed,
	};
	*counter(r, v) += 1;
	append(r->jsonl, x);
}

void results_merge(struct results *r, const struct results *other)
{
	for (size_t i = 0; i < other->n; i++) {
		const struct result *x = &other->v[i];

		r->seeded = x->seeded;
		r->seed = x->seed;
		results_add(r, x->suite, x->test, x->verdict, x->ms, x->detail);
	}
}

void results_free(struct results *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].suite);
		free(r->v[i].test);
		free(r->v[i].detail);
	}
	free(r->v);
	free(r->jsonl);
	*r = (struct results){0};
}
