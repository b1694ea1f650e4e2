/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Exits: over time as small pictures, one for each VMPL and each frequent reason; and as a table.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/html.h"
#include "harness/page/parts.h"

#define BINS          60
#define REASONS_SHOWN 8

/* One small picture. */
struct strip {
	char name[TRACE_NAME + 8];
	uint64_t bins[BINS], sum;
};

/* ---- over time ---- */

static void add(struct strip *s, const struct trace *t, const struct trace_sample *x)
{
	size_t bin = t->last_ms ? (size_t)x->ms * BINS / ((size_t)t->last_ms + 1) : 0;

	s->bins[bin < BINS ? bin : BINS - 1] += x->count;
	s->sum += x->count;
}

static int by_sum(const void *a, const void *b)
{
	uint64_t x = ((const struct strip *)a)->sum, y = ((const struct strip *)b)->sum;

	return x < y ? 1 : x > y ? -1 : 0;
}

static uint64_t highest(const struct strip *s, size_t n)
{
	uint64_t most = 1;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < BINS; k++)
			most = MAX(most, s[i].bins[k]);
	return most;
}

static void phase_line(FILE *f, const struct trace *t, unsigned ms)
{
	double x = ms * 100.0 / (t->last_ms + 1.0);

	if (ms)
		fprintf(f, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"34\"/>",
			x, x);
}

static void draw(FILE *f, const struct trace *t, const struct strip *s, uint64_t most)
{
	fprintf(f,
		"<li><span class=\"what\">%s</span><svg aria-hidden=\"true\" width=\"100%%\" "
		"height=\"34\">",
		s->name);
	phase_line(f, t, t->kernel_ms);
	phase_line(f, t, t->user_ms);
	for (size_t k = 0; k < BINS; k++) {
		double height = (double)s->bins[k] * 32 / (double)most;

		if (!s->bins[k])
			continue;
		height = height < 1 ? 1 : height;
		fprintf(f,
			"<rect class=\"bar\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" "
			"height=\"%.1f\"/>",
			(double)k * 100 / BINS, 100.0 / BINS - 0.15, 33 - height, height);
	}
	fprintf(f, "</svg><span class=\"values\">%llu</span></li>\n", (unsigned long long)s->sum);
}

static void strips(FILE *f, const struct trace *t, const struct strip *s, size_t n)
{
	uint64_t most = highest(s, n);

	fputs("<ul class=\"strips\">\n", f);
	for (size_t i = 0; i < n; i++)
		if (s[i].sum)
			draw(f, t, &s[i], most);
	fputs("</ul>\n", f);
}

static void over_time(FILE *f, const struct trace *t)
{
	struct strip vmpls[TRACE_VMPLS] = {0}, *reasons;

	reasons = mem_alloc((t->reason_count + 1) * sizeof(*reasons));
	for (unsigned v = 0; v < TRACE_VMPLS; v++)
		snprintf(vmpls[v].name, sizeof(vmpls[v].name), "VMPL %u", v);
	for (size_t i = 0; i < t->reason_count; i++)
		snprintf(reasons[i].name, sizeof(reasons[i].name), "%s", t->reasons[i].name);
	for (size_t i = 0; i < t->sample_count; i++) {
		add(&vmpls[t->samples[i].vmpl], t, &t->samples[i]);
		add(&reasons[t->samples[i].reason], t, &t->samples[i]);
	}
	qsort(reasons, t->reason_count, sizeof(*reasons), by_sum);
	fputs("<p>From left to right the machine's time, ", f);
	html_ms(f, t->last_ms);
	fputs(" in all; the lines are where a VMPL below VMPL0 first ran, and first in user "
	      "mode. Bars of a group have one scale.</p>\n<h4>By VMPL, over time</h4>\n",
	      f);
	strips(f, t, vmpls, TRACE_VMPLS);
	fputs("<h4>By reason, over time</h4>\n", f);
	strips(f, t, reasons, MIN(t->reason_count, (size_t)REASONS_SHOWN));
	free(reasons);
}

/* ---- as a table ---- */

static int by_all(const void *a, const void *b)
{
	uint64_t x = ((const struct trace_reason *)a)->all,
		 y = ((const struct trace_reason *)b)->all;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void table_row(FILE *f, const struct trace_reason *r)
{
	fprintf(f, "<tr><th scope=\"row\">%s</th><td class=\"num\">%llu</td>", r->name,
		(unsigned long long)r->all);
	for (unsigned v = 0; v < TRACE_VMPLS; v++)
		fprintf(f, "<td class=\"num\">%llu</td>", (unsigned long long)r->vmpl[v]);
	fputs("</tr>\n", f);
}

static void table(FILE *f, const struct trace *t)
{
	struct trace_reason *sorted = mem_alloc(t->reason_count * sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; i < t->reason_count; i++)
		if (t->reasons[i].all)
			sorted[n++] = t->reasons[i];
	qsort(sorted, n, sizeof(*sorted), by_all);
	fputs("<table class=\"exits\"><caption>Exits by reason, at the "
	      "end</caption>\n<thead><tr><th "
	      "scope=\"col\">Reason</th><th class=\"num\" scope=\"col\">All</th>",
	      f);
	for (unsigned v = 0; v < TRACE_VMPLS; v++)
		fprintf(f, "<th class=\"num\" scope=\"col\">VMPL %u</th>", v);
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < n; i++)
		table_row(f, &sorted[i]);
	fputs("</tbody></table>\n", f);
	free(sorted);
}

static bool has_sums(const struct trace *t)
{
	for (size_t i = 0; i < t->reason_count; i++)
		if (t->reasons[i].all)
			return true;
	return false;
}

void part_exits(FILE *f, const struct trace *t)
{
	fputs("<h3>Exits</h3>\n", f);
	if (t->sample_count)
		over_time(f, t);
	if (has_sums(t))
		table(f, t);
	if (!t->sample_count)
		fputs("<p class=\"none\">Not recorded over time: run with <code>--option "
		      "series</code>.</p>\n",
		      f);
}
