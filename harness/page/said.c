/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * control.log has a line a frame: "  1747 < START acpi-ecam". What comes between START and END of a
 * test is that test's.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/said.h"

#define LINE_MOST 4096
#define TEXT_MOST 6000 /* bytes that are shown */

struct said {
	char text[TEXT_MOST];
	size_t n;
	bool in, cut;
};

/* What stands behind "  1747 < "; NULL: another line. */
static const char *frame(const char *line)
{
	const char *at = strstr(line, " < ");

	return at && strspn(line, " 0123456789") >= (size_t)(at - line) ? at + 3 : NULL;
}

/* "START name" of that very name. */
static bool is(const char *frame, const char *type, const char *test)
{
	size_t n = strlen(type), m = strlen(test);

	return strncmp(frame, type, n) == 0 && strncmp(frame + n, test, m) == 0 &&
	       strspn(frame + n + m, " \t\r\n") == strlen(frame + n + m);
}

static void keep(struct said *s, const char *line)
{
	size_t n = strlen(line);

	s->cut |= s->n + n > TEXT_MOST;
	n = MIN(n, TEXT_MOST - s->n);
	memcpy(s->text + s->n, line, n);
	s->n += n;
}

/* A test that announced a reset starts again: all of its parts are kept. */
static void take(struct said *s, const char *line, const char *test)
{
	const char *at = frame(line);

	if (!at)
		return;
	if (is(at, "START ", test))
		s->in = true;
	else if (strncmp(at, "START ", 6) == 0 || is(at, "END ", test))
		s->in = false;
	else if (s->in && strncmp(at, "ALIVE", 5) != 0)
		keep(s, at);
}

void said_in_test(FILE *f, const struct loaded *r, const char *test)
{
	char *path = loaded_file(r, "control.log"), *line = mem_alloc(LINE_MOST);
	struct said *s = mem_alloc(sizeof(*s));
	FILE *log = fopen(path, "re");

	while (log && fgets(line, LINE_MOST, log))
		take(s, line, test);
	if (log)
		fclose(log);
	if (s->n) {
		fputs("<details><summary>What it said meanwhile</summary>\n", f);
		excerpt_text(f, s->text, s->n);
		if (s->cut)
			fputs("<p class=\"cut\">Cut: the rest is in control.log.</p>\n", f);
		fputs("</details>\n", f);
	}
	free(s);
	free(line);
	free(path);
}
