/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The RMP at the end of a run as a map: rows of equal length, from left to right and from top to
 * bottom. A cell stands for many pages and shows what most of them are, and a VMSA wherever there
 * is one.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/html.h"
#include "harness/page/parts.h"

#define CELLS       128 /* a row */
#define ROWS_MOST   40
#define LISTED_MOST 400
#define PAGE        4096ull

/* What a person wants to tell apart. */
enum kind {
	KIND_SHARED,
	KIND_PRIVATE,
	KIND_SVSM, /* validated, and VMPL0's alone */
	KIND_GUEST,
	KIND_VMSA,
	KINDS
};

static const char *const names[KINDS] = {"shared", "private, not validated",
					 "validated, VMPL0's alone", "validated, lower VMPLs' too",
					 "VMSA"};

static enum kind kind_of(const struct trace_stretch *s)
{
	const char *below = strchr(s->perms, ' ');

	if (s->state == TRACE_SHARED)
		return KIND_SHARED;
	if (s->state == TRACE_PRIVATE)
		return KIND_PRIVATE;
	if (s->state == TRACE_VMSA)
		return KIND_VMSA;
	return below && strpbrk(below, "rwus") ? KIND_GUEST : KIND_SVSM;
}

static uint64_t end_of(const struct trace_stretch *s)
{
	return s->first + s->pages * PAGE;
}

/* ---- the picture ---- */

/* Memory without a gap of a row's length. */
struct area {
	uint64_t first, end;
};

/* What most pages of a cell are, KINDS: no memory. */
static enum kind cell(const struct trace *t, size_t *at, uint64_t first, uint64_t end)
{
	uint64_t most[KINDS] = {0};
	enum kind best = KINDS;

	while (*at < t->stretch_count && end_of(&t->stretches[*at]) <= first)
		++*at;
	for (size_t i = *at; i < t->stretch_count && t->stretches[i].first < end; i++) {
		const struct trace_stretch *s = &t->stretches[i];

		most[kind_of(s)] += MIN(end, end_of(s)) - MAX(first, s->first);
	}
	for (unsigned k = 0; k < KINDS; k++)
		if (most[k] && (best == KINDS || most[k] > most[best]))
			best = (enum kind)k;
	return most[KIND_VMSA] ? KIND_VMSA : best;
}

static void rectangle(FILE *f, enum kind k, unsigned from, unsigned to, unsigned row)
{
	if (k != KINDS)
		fprintf(f,
			"<rect class=\"rmp%u\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%u\" "
			"height=\"12\"/>",
			(unsigned)k, from * 100.0 / CELLS, (to - from) * 100.0 / CELLS, row * 14);
}

/* Neighbours that are alike are one rectangle. */
static void draw_row(FILE *f, const struct trace *t, uint64_t first, uint64_t step, unsigned row)
{
	enum kind last = KINDS;
	unsigned from = 0;
	size_t at = 0;

	for (unsigned c = 0; c <= CELLS; c++) {
		enum kind k =
			c < CELLS ? cell(t, &at, first + c * step, first + (c + 1) * step) : KINDS;

		if (k == last)
			continue;
		rectangle(f, last, from, c, row);
		last = k;
		from = c;
	}
}

/* How long a row is, in bytes: a power of two, so that addresses are round. */
static uint64_t row_size(const struct trace *t)
{
	uint64_t bytes = 0, size = CELLS * PAGE;

	for (size_t i = 0; i < t->stretch_count; i++)
		bytes += t->stretches[i].pages * PAGE;
	while (bytes / size >= ROWS_MOST / 2)
		size *= 2;
	return size;
}

static bool any_in(const struct trace *t, uint64_t first, uint64_t end)
{
	for (size_t i = 0; i < t->stretch_count; i++)
		if (t->stretches[i].first < end && end_of(&t->stretches[i]) > first)
			return true;
	return false;
}

/* Rows without memory are left out; each that is there begins with its address. */
static unsigned find_rows(const struct trace *t, uint64_t size, uint64_t rows[ROWS_MOST])
{
	unsigned n = 0;

	for (size_t i = 0; i < t->stretch_count; i++) {
		uint64_t first = t->stretches[i].first / size * size;

		for (; first < end_of(&t->stretches[i]) && n < ROWS_MOST; first += size)
			if ((!n || rows[n - 1] < first) && any_in(t, first, first + size))
				rows[n++] = first;
	}
	return n;
}

static void picture(FILE *f, const struct trace *t)
{
	uint64_t size = row_size(t), rows[ROWS_MOST];
	unsigned n = find_rows(t, size, rows);

	fputs("<div class=\"map\"><ol>\n", f);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "<li>%llx</li>", (unsigned long long)rows[i]);
	fprintf(f,
		"</ol>\n<svg role=\"img\" width=\"100%%\" height=\"%u\"><title>The states of all "
		"pages, a row each ",
		n * 14);
	html_size(f, (double)size);
	fputs("</title>", f);
	for (unsigned i = 0; i < n; i++)
		draw_row(f, t, rows[i], size / CELLS, i);
	fputs("</svg></div>\n<p>A row is ", f);
	html_size(f, (double)size);
	fputs(", from the address at its left on, in hex; a cell shows what most of its pages "
	      "are.</p>\n",
	      f);
}

/* ---- in words ---- */

static void sums(FILE *f, const struct trace *t)
{
	uint64_t pages[KINDS] = {0};

	for (size_t i = 0; i < t->stretch_count; i++)
		pages[kind_of(&t->stretches[i])] += t->stretches[i].pages;
	fputs("<ul class=\"legend rmp\">\n", f);
	for (unsigned k = 0; k < KINDS; k++) {
		fprintf(f,
			"<li><svg aria-hidden=\"true\" width=\"22\" height=\"12\"><rect "
			"class=\"rmp%u\" width=\"22\" height=\"12\"/></svg> %s <b>%llu pages, ",
			k, names[k], (unsigned long long)pages[k]);
		html_size(f, (double)(pages[k] * PAGE));
		fputs("</b></li>\n", f);
	}
	fputs("</ul>\n", f);
}

static void list(FILE *f, const struct trace *t)
{
	size_t n = MIN(t->stretch_count, (size_t)LISTED_MOST);

	fputs("<details><summary>All stretches, with the rights of VMPL 0 to 3</summary>\n<table "
	      "class=\"rmp\"><thead><tr><th scope=\"col\">From</th><th class=\"num\" "
	      "scope=\"col\">Pages</th><th "
	      "scope=\"col\">State</th><th scope=\"col\">Rights</th></tr></thead>\n<tbody>\n",
	      f);
	for (size_t i = 0; i < n; i++)
		fprintf(f,
			"<tr><th scope=\"row\"><code>%llx</code></th><td "
			"class=\"num\">%llu</td><td>%s</td><td><code>%s</code></td></tr>\n",
			(unsigned long long)t->stretches[i].first,
			(unsigned long long)t->stretches[i].pages,
			trace_state_name(t->stretches[i].state), t->stretches[i].perms);
	fputs("</tbody></table>\n", f);
	if (n < t->stretch_count)
		fprintf(f, "<p class=\"cut\">Cut: %zu more are in monitor.log.</p>\n",
			t->stretch_count - n);
	fputs("</details>\n", f);
}

void part_memory(FILE *f, const struct trace *t)
{
	fputs("<h3>Memory at the end</h3>\n", f);
	if (!t->stretch_count) {
		fputs("<p class=\"none\">Not recorded: run with <code>--option "
		      "rmp-map</code>. A run that the harness has to end has none.</p>\n",
		      f);
		return;
	}
	picture(f, t);
	sums(f, t);
	if (!t->map_whole)
		fputs("<p class=\"cut\">Cut: the map does not reach its end.</p>\n", f);
	list(f, t);
}
