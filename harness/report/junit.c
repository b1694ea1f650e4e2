/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * junit.xml, as CI systems read it: one testsuite a suite, in the order of the results. It is
 * made in memory and written in one step. The results hold printable ASCII only (results_add),
 * so escaping five characters is enough.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/output.h"
#include "harness/report/results.h"

/* One attribute with its value escaped. */
static void attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	for (; *value; value++) {
		if (*value == '&')
			fputs("&amp;", f);
		else if (*value == '<')
			fputs("&lt;", f);
		else if (*value == '>')
			fputs("&gt;", f);
		else if (*value == '"')
			fputs("&quot;", f);
		else
			fputc(*value, f);
	}
	fputc('"', f);
}

/* The detail of a failure or a skip becomes its message; a test that passed has none. CI systems
 * know no third thing besides: a known failure is skipped, and its message says more. */
static void testcase(FILE *f, const struct result *r)
{
	fputs("    <testcase", f);
	attribute(f, "classname", r->suite);
	attribute(f, "name", r->test);
	fprintf(f, " time=\"%.3f\"", r->ms / 1000.0);
	if (r->verdict == VERDICT_PASS) {
		fputs("/>\n", f);
		return;
	}
	fputs(">\n      ", f);
	fputs(r->verdict == VERDICT_FAIL ? "<failure" : "<skipped", f);
	attribute(f, "message", r->detail);
	fputs("/>\n    </testcase>\n", f);
}

/* Where the results of the next suite begin: those of one suite lie together. */
static size_t suite_end(const struct results *r, size_t from)
{
	size_t to = from;

	while (to < r->n && strcmp(r->v[to].suite, r->v[from].suite) == 0)
		to++;
	return to;
}

static void testsuite(FILE *f, const struct results *r, size_t from, size_t to)
{
	unsigned count[VERDICT_KNOWN + 1] = {0}, ms = 0;

	for (size_t i = from; i < to; i++) {
		count[r->v[i].verdict]++;
		ms += r->v[i].ms;
	}
	fputs("  <testsuite", f);
	attribute(f, "name", r->v[from].suite);
	fprintf(f, " tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%.3f\">\n",
		to - from, count[VERDICT_FAIL], count[VERDICT_SKIP] + count[VERDICT_KNOWN],
		ms / 1000.0);
	for (size_t i = from; i < to; i++)
		testcase(f, &r->v[i]);
	fputs("  </testsuite>\n", f);
}

bool results_junit(const struct results *r, const struct runfolder *folder)
{
	char *path = runfolder_file(folder, "junit.xml"), *text;
	size_t size, to;
	FILE *f = open_memstream(&text, &size);
	bool ok;

	if (!f)
		return output_lost(path, errno), free(path), false;
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
		r->n, r->failed, r->skipped + r->known);
	for (size_t from = 0; from < r->n; from = to) {
		to = suite_end(r, from);
		testsuite(f, r, from, to);
	}
	fputs("</testsuites>\n", f);
	ok = output_close(f, path) && output_file(path, text);
	free(text);
	free(path);
	return ok;
}
