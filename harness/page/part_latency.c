/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Latencies on one logarithmic axis, each with its figures beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/html.h"
#include "harness/page/measured.h"
#include "harness/page/parts.h"

#define LATENCIES_MOST 120
#define LEAST          0.1 /* us: the axis' left end, or below */

struct table {
	struct latency v[LATENCIES_MOST];
	size_t n;
	double low, high; /* log10 of us */
};

static void us_text(FILE *f, double us)
{
	if (us < 1000)
		fprintf(f, "%.*f us", us < 100, us);
	else
		html_ms(f, us / 1000);
}

static void collect(struct table *t, const json_t *info)
{
	double khz = latency_khz(info);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)info, key, v)
	{
		if (t->n < LATENCIES_MOST && json_is_string(v) &&
		    latency_of(&t->v[t->n], key, json_string_value(v), khz))
			t->n++;
	}
}

/* Whole decades that hold all values. */
static void find_axis(struct table *t)
{
	t->low = 1e9;
	t->high = -1e9;
	for (size_t i = 0; i < t->n; i++)
		for (unsigned k = 0; k < t->v[i].n; k++) {
			double at = log10(t->v[i].us[k] > LEAST ? t->v[i].us[k] : LEAST);

			t->low = fmin(t->low, floor(at));
			t->high = fmax(t->high, ceil(at));
		}
	if (t->high <= t->low)
		t->high = t->low + 1;
}

/* Per cent of the width, a little off the edges. */
static double place(const struct table *t, double us)
{
	double at = log10(us > LEAST ? us : LEAST);

	return 2 + 96 * (at - t->low) / (t->high - t->low);
}

static void decades(FILE *f, const struct table *t)
{
	for (double d = t->low; d <= t->high; d++) {
		double x = place(t, pow(10, d));

		fprintf(f, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"26\"/>",
			x, x);
	}
}

/* The forms differ: circle, diamond, square, triangle, for the first to the fourth value. */
static void mark(FILE *f, double x, unsigned k)
{
	static const char *const signs[LATENCY_VALUES] = {"●", "◆", "■", "▲"};

	fprintf(f, "<text class=\"dot\" x=\"%.2f%%\" y=\"18\">%s</text>", x, signs[k]);
}

static void plot(FILE *f, const struct table *t, const struct latency *l)
{
	static const char *const signs[LATENCY_VALUES] = {"●", "◆", "■", "▲"};

	fputs("<li><span class=\"what\">", f);
	html_text(f, l->key);
	fputs("</span><svg role=\"img\" aria-hidden=\"true\" width=\"100%\" height=\"26\">", f);
	decades(f, t);
	if (l->n > 1)
		fprintf(f,
			"<line class=\"range\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"13\" y2=\"13\"/>",
			place(t, l->us[0]), place(t, l->us[l->n - 1]));
	for (unsigned k = 0; k < l->n; k++)
		mark(f, place(t, l->us[k]), k);
	fputs("</svg><span class=\"values\">", f);
	for (unsigned k = 0; k < l->n; k++) {
		fprintf(f, "<span>%s %s ", signs[k], l->what[k]);
		us_text(f, l->us[k]);
		fputs("</span> ", f);
	}
	fputs("</span></li>\n", f);
}

void part_latency(FILE *f, const struct loaded *r)
{
	const json_t *boots = json_object_get(r->run, "boots"), *b;
	struct table *t = mem_alloc(sizeof(*t));
	size_t i;

	json_array_foreach(boots, i, b)
	{
		collect(t, json_object_get(b, "info"));
	}
	if (t->n) {
		find_axis(t);
		fputs("<h3>Latencies</h3>\n<p>Of calls, the vTPM and timers, as the suite has "
		      "measured them; logarithmic, from ",
		      f);
		us_text(f, pow(10, t->low));
		fputs(" to ", f);
		us_text(f, pow(10, t->high));
		fputs(", a line each decade.</p>\n<ul class=\"latency\">\n", f);
		for (i = 0; i < t->n; i++)
			plot(f, t, &t->v[i]);
		fputs("</ul>\n", f);
	}
	free(t);
}
