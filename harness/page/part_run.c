/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What ran with what, what the tests said, what the target told, and the logs. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/html.h"
#include "harness/page/parts.h"

#define FACTS_MOST 200
#define LINES_MOST 2000

void part_badge(FILE *f, const char *verdict)
{
	static const struct {
		const char *verdict, *mark, *word;
	} marks[] = {
		{"pass", "✓", "passed"},         {"fail", "✗", "failed"}, {"skip", "○", "skipped"},
		{"known", "≈", "known to fail"}, {"open", "…", "no end"},
	};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(marks) && strcmp(marks[i].verdict, verdict) != 0)
		i++;
	fprintf(f, "<span class=\"badge %s\"><span aria-hidden=\"true\">%s</span> %s</span>",
		marks[i].verdict, marks[i].mark, marks[i].word);
}

/* ---- what ran ---- */

static void row(FILE *f, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	fprintf(f, "<div><dt>%s</dt><dd>", name);
	html_text(f, text);
	fputs("</dd></div>\n", f);
}

static void row_number(FILE *f, const char *name, const json_t *o, const char *key,
		       const char *unit)
{
	double v;
	char *text;

	if (!loaded_number(o, key, &v))
		return;
	text = str("%.0f%s", v, unit);
	row(f, name, text);
	free(text);
}

/* A list of words as a shell takes them (malloc'ed); NULL: there is none. */
static char *shell_line(const json_t *words)
{
	struct strlist l = {0};
	const json_t *w;
	char *line;
	size_t i;

	json_array_foreach(words, i, w)
	{
		if (json_is_string(w))
			strlist_add(&l, json_string_value(w));
	}
	line = l.n ? strlist_shell(&l) : NULL;
	strlist_free(&l);
	return line;
}

/* A command line, folded away but for its name: QEMU's has a hundred words. */
static void command(FILE *f, const char *name, const json_t *words)
{
	char *line = shell_line(words);

	if (!line)
		return;
	fprintf(f, "<details><summary>%s</summary><pre class=\"wrap\" tabindex=\"0\">", name);
	html_text(f, line);
	fputs("</pre></details>\n", f);
	free(line);
}

static void files(FILE *f, const json_t *o)
{
	const char *key;
	const json_t *v;
	double size;

	if (!json_object_size(o))
		return;
	fputs("<table class=\"files\"><caption>Files, by their SHA-256</caption>\n<thead><tr><th "
	      "scope=\"col\">What</th><th class=\"num\" scope=\"col\">Size</th><th "
	      "scope=\"col\">File and "
	      "digest</th></tr></thead>\n<tbody>\n",
	      f);
	json_object_foreach((json_t *)o, key, v)
	{
		fputs("<tr><th scope=\"row\">", f);
		html_text(f, key);
		fputs("</th><td class=\"num\">", f);
		if (loaded_number(v, "size", &size))
			html_size(f, size);
		fputs("</td><td>", f);
		html_text(f, loaded_text(v, "path") ? paths_short(loaded_text(v, "path")) : NULL);
		fputs("<br><code>", f);
		html_text(f, loaded_text(v, "sha256"));
		fputs("</code></td></tr>\n", f);
	}
	fputs("</tbody></table>\n", f);
}

void part_inputs(FILE *f, const struct loaded *r)
{
	const json_t *host = json_object_get(r->run, "host"),
		     *boots = json_object_get(r->run, "boots");
	char *line = shell_line(json_object_get(r->run, "command"));

	fputs("<h3>What ran</h3>\n<dl>\n", f);
	row(f, "Command", line);
	row(f, "Started", loaded_text(r->run, "started"));
	row(f, "Suite", loaded_text(r->run, "suite"));
	row(f, "Platform", loaded_text(r->run, "platform"));
	row(f, "QEMU", loaded_text(r->run, "qemu_version"));
	row(f, "SVSM", loaded_text(json_array_get(boots, 0), "svsm_version"));
	row_number(f, "vCPUs", r->run, "vcpus", "");
	row_number(f, "Service CPUs", r->run, "service_cpus", "");
	row_number(f, "Memory", r->run, "memory_mib", " MiB");
	row(f, "Monitor options", loaded_text(r->run, "monitor_options"));
	row(f, "Host", loaded_text(host, "name"));
	row(f, "Host's kernel", loaded_text(host, "kernel"));
	row(f, "Run folder", r->path);
	fputs("</dl>\n", f);
	files(f, json_object_get(r->run, "files"));
	command(f, "How the IGVM file was built", json_object_get(r->run, "igvm_command"));
	command(f, "QEMU's command line", json_object_get(json_array_get(boots, 0), "qemu"));
	free(line);
}

/* ---- tests ---- */

static void test_row(FILE *f, const json_t *t)
{
	const char *verdict = loaded_text(t, "verdict");
	double ms;

	fputs("<tr data-verdict=\"", f);
	html_text(f, verdict);
	fputs("\"><td>", f);
	part_badge(f, verdict);
	fputs("</td><th scope=\"row\">", f);
	html_text(f, loaded_text(t, "test"));
	fputs("</th><td class=\"num\">", f);
	if (loaded_number(t, "ms", &ms))
		html_ms(f, ms);
	fputs("</td><td>", f);
	html_text(f, loaded_text(t, "detail"));
	fputs("</td></tr>\n", f);
}

void part_tests(FILE *f, const struct loaded *r)
{
	const json_t *t;
	size_t i;

	if (!json_array_size(r->tests))
		return;
	fprintf(f,
		"<h3>Tests</h3>\n<p>%zu passed, %zu failed, %zu skipped, %zu known to "
		"fail</p>\n<table class=\"tests\">\n<thead><tr><th scope=\"col\">Verdict</th><th "
		"scope=\"col\">Test</th><th class=\"num\" scope=\"col\">Time</th><th "
		"scope=\"col\">Detail</th></tr></thead>\n<tbody>\n",
		r->passed, r->failed, r->skipped, r->known);
	for (unsigned good = 0; good < 2; good++) /* those that failed come first */
		json_array_foreach(r->tests, i, t)
		{
			if ((strcmp(loaded_text(t, "verdict"), "fail") != 0) == good)
				test_row(f, t);
		}
	fputs("</tbody></table>\n", f);
	if (r->lost)
		fprintf(f,
			"<p class=\"cut\">Cut: %zu lines of results.jsonl are not shown: too many, "
			"or not to be understood.</p>\n",
			r->lost);
}

/* ---- facts ---- */

void part_facts(FILE *f, const struct loaded *r)
{
	const json_t *boots = json_object_get(r->run, "boots"), *b, *v;
	size_t i, n = 0;
	const char *key;

	json_array_foreach(boots, i, b)
	{
		n += json_object_size(json_object_get(b, "info"));
	}
	if (!n)
		return;
	fputs("<details><summary>What the guest told</summary>\n<dl>\n", f);
	n = 0;
	json_array_foreach(boots, i, b)
	{
		json_object_foreach(json_object_get(b, "info"), key, v)
		{
			if (!json_is_string(v) || n++ >= FACTS_MOST)
				continue;
			fputs("<div><dt>", f);
			html_text(f, key);
			fputs("</dt><dd>", f);
			html_text(f, json_string_value(v));
			fputs("</dd></div>\n", f);
		}
	}
	fputs("</dl>\n", f);
	if (n > FACTS_MOST)
		fprintf(f, "<p class=\"cut\">Cut: %zu more are in run.json.</p>\n", n - FACTS_MOST);
	fputs("</details>\n", f);
}

/* ---- logs ---- */

static void log_of(FILE *f, const char *folder, const char *name, size_t room)
{
	char *path = str("%s/%s", folder, name);
	int64_t size = file_size(path);

	if (size > 0) {
		fputs("<details class=\"log\"><summary>", f);
		html_text(f, name);
		fputs(", ", f);
		html_size(f, (double)size);
		fputs("</summary>\n", f);
		if (!room)
			fputs("<p class=\"cut\">Cut: this page is long enough.</p>\n", f);
		else if (!excerpt(f, path, LINES_MOST, room))
			fputs("<p class=\"cut\">It cannot be read.</p>\n", f);
		fputs("<p><code>", f);
		html_text(f, path);
		fputs("</code></p>\n</details>\n", f);
	}
	free(path);
}

static void logs_of(FILE *f, const char *folder, size_t room)
{
	static const char *const names[] = {"console.log", "svsm.log",    "monitor.log", "qemu.log",
					    "debug.log",   "control.log", "state.txt"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		log_of(f, folder, names[i], room);
}

void part_logs(FILE *f, const struct loaded *r, size_t room)
{
	fputs("<h3>Logs</h3>\n", f);
	logs_of(f, r->path, room);
	for (size_t n = 2; n < 100; n++) {
		char *folder = str("%s/boot%zu", r->path, n);
		bool there = file_exists(folder);

		if (there) {
			fprintf(f, "<h4>Boot %zu</h4>\n", n);
			logs_of(f, folder, room);
		}
		free(folder);
		if (!there)
			break;
	}
}
