/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A suite's folders lie in three places: its own run, one of several suites of a command, and those
 * of `make check`. A name that begins like another's is told from it by what the file says.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/core/util.h"
#include "harness/report/past.h"

#define LINE_MOST  65536
#define TESTS_MOST 2000

/* ---- one folder ---- */

static bool take(struct past *p, const char *line, const char *suite)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *of = json_string_value(json_object_get(o, "suite"));
	const char *test = json_string_value(json_object_get(o, "test"));
	json_int_t ms = json_integer_value(json_object_get(o, "ms"));
	bool fits = of && test && strcmp(of, suite) == 0 && ms >= 0 && ms < 100000000;

	if (fits && p->n < TESTS_MOST) {
		p->v = mem_grow(p->v, (p->n + 1) * sizeof(*p->v));
		p->v[p->n++] = (struct past_test){str_dup(test), (unsigned)ms};
	}
	json_decref(o);
	return fits;
}

/* The run's own record tells how long all of it took, if it came to its end. */
static void read_whole(struct past *p, const char *results)
{
	char *path = str("%.*s/run.json", (int)(strrchr(results, '/') - results), results);
	json_t *run = json_load_file(path, 0, NULL);
	double seconds = json_number_value(json_object_get(run, "seconds"));

	p->ms = seconds > 0 && seconds < 100000 ? (unsigned)(seconds * 1000) : 0;
	json_decref(run);
	free(path);
}

/* False: no verdict of that suite is in it. */
static bool read_results(struct past *p, const char *path, const char *suite)
{
	char *line = mem_alloc(LINE_MOST);
	FILE *f = fopen(path, "re");
	bool ok = f;

	while (ok && fgets(line, LINE_MOST, f))
		ok = take(p, line, suite);
	if (f)
		fclose(f);
	free(line);
	if (!p->n)
		return false;
	read_whole(p, path);
	return true;
}

/* ---- the newest ---- */

static int newest_first(const void *a, const void *b)
{
	struct stat x = {0}, y = {0};

	stat(*(char *const *)a, &x);
	stat(*(char *const *)b, &y);
	return x.st_mtime < y.st_mtime ? 1 : x.st_mtime > y.st_mtime ? -1 : 0;
}

static bool lies_in(const char *path, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n && strncmp(path, folder, n) == 0 && path[n] == '/';
}

void past_read(struct past *p, const char *runs, const char *suite, const char *own)
{
	/* In front of the suite's name, and behind it. */
	static const char *const places[][2] = {
		{"", "-[0-9]*"}, {"*/", ""}, {"check-*/", "-[0-9]*"}};
	glob_t found = {0};

	*p = (struct past){0};
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char *pattern =
			str("%s/%s%s%s/results.jsonl", runs, places[i][0], suite, places[i][1]);

		glob(pattern, i ? GLOB_APPEND : 0, NULL, &found);
		free(pattern);
	}
	if (found.gl_pathc)
		qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), newest_first);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!lies_in(found.gl_pathv[i], own) && read_results(p, found.gl_pathv[i], suite))
			break;
	globfree(&found);
}

bool past_test_ms(const struct past *p, const char *test, unsigned *ms)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].name, test) != 0)
			continue;
		*ms = p->v[i].ms;
		return true;
	}
	return false;
}

void past_free(struct past *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].name);
	free(p->v);
	*p = (struct past){0};
}
