/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Verdicts on COM1 in the Test Anything Protocol, version 13, for whoever has no harness: a line
 * "ok N - name" or "not ok N - name" a test, and before it, behind a #, what it had to say.
 */
#include "bare/conform/conform.h"
#include "bare/lib/control.h"
#include "bare/lib/test.h"
#include "lib/string.h"

static unsigned count, number, failed;

/* A frame's text up to its next tab; *text moves on. Frames are ours, and this writes into them. */
static char *field(char **text)
{
	char *begin = *text, *p = begin;

	while (*p && *p != '\t')
		p++;
	*text = *p ? p + 1 : p;
	*p = 0;
	return begin;
}

static void verdict(char *text)
{
	const char *name = field(&text), *word = field(&text);
	bool bad = strcmp(word, "fail") == 0;

	failed += bad;
	console_printf("%sok %u - %s%s%s\r\n", bad ? "not " : "", ++number, name,
		       strcmp(word, "skip") == 0 ? " # SKIP " : "",
		       strcmp(word, "skip") == 0 ? text : "");
}

/* What each frame of the control port is in TAP. The cases of a test stand in its failures too. */
static void frame(uint8_t type, const char *payload, size_t length)
{
	static char text[CONTROL_MAX + 1];
	char *rest = text;

	memcpy(text, payload, MIN(length, (size_t)CONTROL_MAX));
	text[MIN(length, (size_t)CONTROL_MAX)] = 0;
	if (type == CONTROL_VERDICT)
		verdict(text);
	else if (type == CONTROL_FAILURE || type == CONTROL_INFO) {
		const char *first = field(&rest);

		console_printf("# %s: %s\r\n", first, rest);
	} else if (type == CONTROL_LOG && strncmp(text, "case ", 5) != 0)
		console_printf("# %s\r\n", text);
}

static void count_one(const struct test *t)
{
	(void)t;
	count++;
}

static void tell_left_out(const struct test *t, const char *why)
{
	console_printf("# left out: %s: %s\r\n", t->name, why);
}

void tap_begin(const char *suite)
{
	control_divert(frame);
	console_printf("TAP version 13\r\n# %s\r\n", suite);
}

void tap_run(void)
{
	test_each_left_out(tell_left_out);
	test_each(count_one);
	console_printf("1..%u\r\n", count);
	test_each(test_run);
	console_printf("# %u of %u failed\r\n", failed, count);
}
