/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The file of known deviations. What cannot be understood is an error: a line that was passed over
 * would make a failure of what its author has explained. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/run/known.h"

#define BLANKS " \t\r\n"

/* "SUITE/TEST why". False: it is not of that form. Comments and empty lines are. */
static bool take(struct known *k, char *line)
{
	char *test, *why;

	line += strspn(line, BLANKS);
	if (!*line || *line == '#')
		return true;
	for (char *end = line + strlen(line); end > line && strchr(BLANKS, end[-1]);)
		*--end = 0;
	test = line;
	why = test + strcspn(test, BLANKS);
	if (!*why)
		return false;
	*why++ = 0;
	why += strspn(why, BLANKS);
	if (!strchr(test, '/'))
		return false;
	k->v = mem_grow(k->v, (k->n + 1) * sizeof(*k->v));
	k->v[k->n++] = (struct known_line){str_dup(test), str_dup(why), false};
	return true;
}

bool known_read(struct known *k, const char *path)
{
	char line[1024];
	unsigned at = 0;
	bool good = true;
	FILE *f;

	*k = (struct known){0};
	if (!path)
		return true;
	f = fopen(path, "re");
	if (!f) {
		problem("%s: %s", path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), f)) {
		at++;
		good = take(k, line);
	}
	fclose(f);
	if (!good)
		problem("%s:%u: a line is SUITE/TEST, a blank, and why it fails", path, at);
	return good;
}

const char *known_find(const struct known *k, const char *suite, const char *test)
{
	char *name = str("%s/%s", suite, test);
	const char *why = NULL;

	for (size_t i = 0; i < k->n; i++) {
		if (fnmatch(k->v[i].test, name, 0) != 0)
			continue;
		k->v[i].met = true;
		if (!why)
			why = k->v[i].why;
	}
	free(name);
	return why;
}

const char *known_unmet(const struct known *k, size_t *at)
{
	while (*at < k->n) {
		const struct known_line *l = &k->v[(*at)++];

		if (!l->met)
			return l->test;
	}
	return NULL;
}

void known_free(struct known *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i].test);
		free(k->v[i].why);
	}
	free(k->v);
	*k = (struct known){0};
}
