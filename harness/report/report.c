/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a person sees while tests run. There is one status line on a terminal, drawn over
 * itself; every other line goes out whole and flushed, so that a log that somebody follows is
 * never behind.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/core/output.h"
#include "harness/report/report.h"

/* Where people's lines go, and whether a status line stands there now. */
static struct {
	FILE *out;
	bool terminal, json, status_shown;
} rep;

/* Called once the options are known, before the first line. */
void report_init(bool json)
{
	const char *term = getenv("TERM");

	rep.json = json;
	rep.out = json ? stderr : stdout;
	rep.terminal = isatty(fileno(rep.out)) && term && strcmp(term, "dumb") != 0;
}

void report_aside(void)
{
	rep.out = stderr;
	rep.terminal = false;
}

bool report_is_json(void)
{
	return rep.json;
}

bool report_terminal(void)
{
	return rep.terminal;
}

static void clear_status(void)
{
	if (rep.status_shown)
		fputs("\r\033[K", rep.out);
	rep.status_shown = false;
}

void report_line(const char *fmt, ...)
{
	va_list ap;

	clear_status();
	va_start(ap, fmt);
	vfprintf(rep.out, fmt, ap);
	va_end(ap);
	fputc('\n', rep.out);
	output_stream(rep.out);
}

/*
 * A status line that wraps could not be drawn over: it is cut to the width that the terminal
 * has now.
 */
static unsigned columns(void)
{
	struct winsize w;

	return ioctl(fileno(rep.out), TIOCGWINSZ, &w) == 0 && w.ws_col > 10 ? w.ws_col : 80;
}

void report_status(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!rep.terminal)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[MIN((size_t)columns() - 1, sizeof(text) - 1)] = 0;
	clear_status();
	fputs(text, rep.out);
	fflush(rep.out);
	rep.status_shown = true;
}

/* Flushed as well, so that JSON can be read as it comes. */
void report_json(const char *line)
{
	puts(line);
	output_stream(stdout);
}

/*
 * A result as JSON and as a line for people, as the case may be. Failures and skips are lines
 * everywhere.
 */
void report_result(const struct result *r)
{
	static const char *const marks[] = {"ok  ", "FAIL", "skip", "known"};

	if (rep.json) {
		char *line = results_json(r);

		report_json(line);
		free(line);
	}
	/* A terminal's status line says it passed; in a log the line is the record. */
	if (rep.terminal && r->verdict == VERDICT_PASS)
		return;
	report_line("%s %s/%s (%u ms)%s%s", marks[r->verdict], r->suite, r->test, r->ms,
		    *r->detail ? ": " : "", r->detail);
}

void report_summary(const struct results *r)
{
	if (r->known)
		report_line("%zu passed, %zu failed, %zu skipped, %zu known to fail", r->passed,
			    r->failed, r->skipped, r->known);
	else
		report_line("%zu passed, %zu failed, %zu skipped", r->passed, r->failed,
			    r->skipped);
}
