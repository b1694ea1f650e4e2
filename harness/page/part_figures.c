/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What is compared between two runs, one definition list a run. A figure has its value as a number
 * beside its text, so that the script can say how much more it is; it computes nothing else.
 */
#include <string.h>

#include "harness/core/exitcode.h"
#include "harness/page/html.h"
#include "harness/page/measured.h"
#include "harness/page/parts.h"

#define FIGURES_MOST 200

static void open_figure(FILE *f, const char *group, const char *name)
{
	fprintf(f, "<div data-group=\"%s\"><dt>", group);
	html_text(f, name);
	fputs("</dt>", f);
}

static void words(FILE *f, const char *group, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	open_figure(f, group, name);
	fputs("<dd>", f);
	html_text(f, text);
	fputs("</dd></div>\n", f);
}

static void number(FILE *f, const char *group, const char *name, double v)
{
	open_figure(f, group, name);
	fprintf(f, "<dd data-value=\"%.6g\">%.0f</dd></div>\n", v, v);
}

static void time_in_ms(FILE *f, const char *group, const char *name, double ms)
{
	if (ms < 0)
		return;
	open_figure(f, group, name);
	fprintf(f, "<dd data-value=\"%.6g\">", ms);
	html_ms(f, ms);
	fputs("</dd></div>\n", f);
}

static void verdicts(FILE *f, const struct loaded *r)
{
	int code = loaded_code(r);
	double seconds;

	words(f, "Result", "end", code < 0 ? "no end" : exitcode_name(code));
	number(f, "Result", "passed", (double)r->passed);
	number(f, "Result", "failed", (double)r->failed);
	number(f, "Result", "skipped", (double)r->skipped);
	if (loaded_number(r->run, "seconds", &seconds))
		time_in_ms(f, "Result", "time of the run", seconds * 1000);
}

static void inputs(FILE *f, const struct loaded *r)
{
	const char *key;
	json_t *v;
	double n;

	words(f, "Inputs", "QEMU", loaded_text(r->run, "qemu_version"));
	words(f, "Inputs", "host's kernel", loaded_text(json_object_get(r->run, "host"), "kernel"));
	words(f, "Inputs", "monitor options", loaded_text(r->run, "monitor_options"));
	if (loaded_number(r->run, "vcpus", &n))
		number(f, "Inputs", "vCPUs", n);
	if (loaded_number(r->run, "memory_mib", &n))
		number(f, "Inputs", "memory, MiB", n);
	json_object_foreach(json_object_get(r->run, "files"), key, v)
	{
		words(f, "Inputs", key, loaded_text(v, "sha256"));
	}
}

static void boot(FILE *f, const json_t *b, bool firmware)
{
	struct phase_times p;

	phases_of(&p, b, firmware);
	for (unsigned i = 0; i < PHASE_KINDS; i++)
		time_in_ms(f, "First boot", phase_names[i], p.ms[i]);
	if (p.all > 0)
		time_in_ms(f, "First boot", "all", p.all);
}

/* Of several values the one in the middle, or the only one. */
static void latencies(FILE *f, const json_t *info)
{
	double khz = latency_khz(info);
	struct latency l;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)info, key, v)
	{
		if (!json_is_string(v) || !latency_of(&l, key, json_string_value(v), khz))
			continue;
		open_figure(f, "Latency", key);
		fprintf(f, "<dd data-value=\"%.6g\">%.1f us</dd></div>\n", l.us[l.n / 2],
			l.us[l.n / 2]);
	}
}

static void exits(FILE *f, const struct trace *t)
{
	double all = 0;

	for (size_t i = 0; i < t->reason_count; i++)
		all += (double)t->reasons[i].all;
	if (all > 0)
		number(f, "Exits", "all", all);
	for (size_t i = 0; i < t->reason_count && i < FIGURES_MOST; i++)
		if (t->reasons[i].all)
			number(f, "Exits", t->reasons[i].name, (double)t->reasons[i].all);
}

static void memory(FILE *f, const struct trace *t)
{
	uint64_t pages[TRACE_STATES] = {0};

	for (size_t i = 0; i < t->stretch_count; i++)
		pages[t->stretches[i].state] += t->stretches[i].pages;
	for (unsigned s = 0; t->stretch_count && s < TRACE_STATES; s++)
		number(f, "Pages at the end", trace_state_name((enum trace_state)s),
		       (double)pages[s]);
}

void part_figures(FILE *f, const struct loaded *r, const struct trace *t)
{
	const json_t *first = json_array_get(json_object_get(r->run, "boots"), 0);

	fputs("<dl class=\"figures\" hidden>\n", f);
	verdicts(f, r);
	inputs(f, r);
	boot(f, first, loaded_firmware(r));
	latencies(f, json_object_get(first, "info"));
	exits(f, t);
	memory(f, t);
	fputs("</dl>\n", f);
}
