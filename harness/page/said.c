/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * control.log has a line a frame: "  1747 < START acpi-ecam", behind the ms since the boot began.
 * What comes between START and END of a test is that test's.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/html.h"
#include "harness/page/said.h"

#define LINE_MOST 4096
#define TEXT_MOST 6000 /* bytes that are shown */

struct said {
	char text[TEXT_MOST];
	size_t n;
	bool in, cut;
};

/* What stands behind "  1747 < ", or behind " > " in what the harness says; NULL: another line. */
static const char *frame_of(const char *line, const char *arrow)
{
	const char *at = strstr(line, arrow);

	return at && strspn(line, " 0123456789") >= (size_t)(at - line) ? at + 3 : NULL;
}

static const char *frame(const char *line)
{
	return frame_of(line, " < ");
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

/* "svsm:6.2:next": the rules stand behind the words, and are not for who reads what a test shows.
 */
static void drop_rules(char *text)
{
	char *last;

	text[strcspn(text, "\r\n")] = 0;
	while ((last = strrchr(text, ' ')) && strchr(last, ':') &&
	       !strchr(":,", last[strlen(last) - 1]))
		*last = 0;
}

char *said_purpose(const struct loaded *r, const char *test)
{
	char *path = loaded_file(r, "control.log"), *line = mem_alloc(LINE_MOST), *what = NULL;
	size_t n = strlen(test);
	FILE *log = fopen(path, "re");

	while (log && !what && fgets(line, LINE_MOST, log)) {
		const char *at = frame(line);

		if (at && strncmp(at, "TEST ", 5) == 0 && strncmp(at + 5, test, n) == 0 &&
		    at[5 + n] == ' ')
			what = str_dup(at + 5 + n + 1);
	}
	if (log)
		fclose(log);
	if (what)
		drop_rules(what);
	free(line);
	free(path);
	return what;
}

/* Is this line the beginning of a test or a command? */
static bool begins(const char *line)
{
	const char *said = frame(line), *asked = frame_of(line, " > ");

	return (said && strncmp(said, "START ", 6) == 0) ||
	       (asked && strncmp(asked, "EXEC ", 5) == 0);
}

static bool ends(const char *line)
{
	const char *said = frame(line);

	return said && (strncmp(said, "END ", 4) == 0 || strncmp(said, "EXEC_END", 8) == 0);
}

void said_under_way(FILE *f, const char *folder)
{
	char *path = str("%s/control.log", folder), *line = mem_alloc(LINE_MOST);
	char *begun = mem_alloc(LINE_MOST);
	FILE *log = fopen(path, "re");

	*begun = 0;
	while (log && fgets(line, LINE_MOST, log)) {
		if (begins(line))
			strcpy(begun, line);
		else if (ends(line))
			*begun = 0;
	}
	if (log)
		fclose(log);
	if (*begun) {
		begun[strcspn(begun, "\r\n")] = 0;
		fputs("<p class=\"under-way\">Under way: <code>", f);
		html_text(f, strpbrk(begun, "<>") + 2);
		fputs("</code>, begun ", f);
		html_ms(f, strtod(begun, NULL));
		fputs(" into the boot</p>\n", f);
	}
	free(begun);
	free(line);
	free(path);
}
