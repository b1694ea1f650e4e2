/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/verify/verdict.h"

/* A line too many would be a fault of the program's: the last place is the refusal's. */
static void add(struct verdict *v, enum verdict_kind kind, const char *check, const char *fmt,
		va_list args)
{
	struct verdict_line *line = &v->line[MIN(v->lines, VERDICT_LINES_MAX - 1u)];

	free(line->text);
	*line = (struct verdict_line){.check = check, .kind = kind};
	if (vasprintf(&line->text, fmt, args) < 0)
		abort();
	if (v->lines < VERDICT_LINES_MAX)
		v->lines++;
}

bool verdict_ok(struct verdict *v, const char *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(v, VERDICT_OK, check, fmt, args);
	va_end(args);
	return true;
}

bool verdict_open(struct verdict *v, const char *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(v, VERDICT_OPEN, check, fmt, args);
	va_end(args);
	return true;
}

bool verdict_refuse(struct verdict *v, const char *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(v, VERDICT_REFUSED, check, fmt, args);
	va_end(args);
	return false;
}

const struct verdict_line *verdict_refusal(const struct verdict *v)
{
	const struct verdict_line *last = v->lines ? &v->line[v->lines - 1] : NULL;

	return last && last->kind == VERDICT_REFUSED ? last : NULL;
}

void verdict_free(struct verdict *v)
{
	for (unsigned i = 0; i < v->lines; i++)
		free(v->line[i].text);
	*v = (struct verdict){0};
}

static const char *const kinds[] = {"ok", "open", "refused"};

void verdict_print(const struct verdict *v, FILE *to)
{
	for (unsigned i = 0; i < v->lines; i++)
		fprintf(to, "%-8s %-12s %s\n", kinds[v->line[i].kind], v->line[i].check,
			v->line[i].text);
	if (!verdict_refusal(v))
		fprintf(to, "accepted%s\n",
			v->test_root ? ", by a TEST ROOT: this proves nothing about a machine"
				     : "");
}

void verdict_print_json(const struct verdict *v, FILE *to)
{
	const struct verdict_line *refusal = verdict_refusal(v);
	json_t *checks = json_array(), *whole;
	char *text;

	for (unsigned i = 0; i < v->lines; i++)
		json_array_append_new(
			checks, json_pack("{s:s, s:s, s:s}", "check", v->line[i].check, "verdict",
					  kinds[v->line[i].kind], "text", v->line[i].text));
	whole = json_pack("{s:b, s:b, s:o, s:s?}", "accepted", !refusal, "test_root", v->test_root,
			  "checks", checks, "refused_by", refusal ? refusal->check : NULL);
	text = json_dumps(whole, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fprintf(to, "%s\n", text);
	free(text);
	json_decref(whole);
}

char *verdict_hex(const uint8_t *bytes, size_t n)
{
	char *text = malloc(2 * n + 1);

	if (!text)
		abort();
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	text[2 * n] = 0;
	return text;
}

bool verdict_same(struct verdict *v, const char *check, const uint8_t *have, const uint8_t *wanted,
		  size_t n, const char *todo)
{
	char *is = verdict_hex(have, n), *should = verdict_hex(wanted, n);
	bool same = memcmp(have, wanted, n) == 0;

	if (same)
		verdict_ok(v, check, "%s", is);
	else
		verdict_refuse(v, check, "the report has %s, wanted is %s: %s", is, should, todo);
	free(is);
	free(should);
	return same;
}
