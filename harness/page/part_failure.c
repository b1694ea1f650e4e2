/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Why a run failed: its reason first, then the tests that did, then what each side said last. */
#include <stdlib.h>
#include <string.h>

#include "harness/core/exitcode.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/html.h"
#include "harness/page/parts.h"
#include "harness/page/said.h"

#define TESTS_MOST 20
#define LINES      12

const char *part_verdict(const struct loaded *r)
{
	return loaded_code(r) < 0 ? "open" : loaded_failed(r) ? "fail" : "pass";
}

/* Whose words count most, by the exit code. */
static const struct side {
	const char *file, *who;
} console = {"console.log", "the guest, on its console"}, svsm = {"svsm.log", "the SVSM"},
  monitor = {"monitor.log", "the machine (monitor)"}, qemu = {"qemu.log", "QEMU"};

static const struct {
	int code;
	const char *means;
	const struct side *order[4];
} ends[] = {
	{CODE_FAILED,
	 "Everything ran to its end, and checks of tests failed.",
	 {&console, &svsm, &monitor, &qemu}},
	{CODE_USAGE, "The command line asked for what is not there.", {&qemu, &monitor}},
	{CODE_HOST,
	 "The host could not run it: a tool, a file or a device is missing, or QEMU refused.",
	 {&qemu, &monitor, &svsm, &console}},
	{CODE_GUEST,
	 "The guest ended it: a panic, a triple fault, or a request to terminate.",
	 {&console, &monitor, &svsm, &qemu}},
	{CODE_SVSM, "The SVSM ended it.", {&svsm, &monitor, &console, &qemu}},
	{CODE_MONITOR,
	 "The machine in software failed: this is neither the guest's nor the SVSM's fault.",
	 {&monitor, &qemu, &svsm, &console}},
	{CODE_TIMEOUT,
	 "It was not at its end in time; what each vCPU did last is in the reason.",
	 {&monitor, &console, &svsm, &qemu}},
	{-1,
	 "The run has no end: it still runs, or the harness was killed.",
	 {&monitor, &console, &svsm, &qemu}},
};

static size_t end_of(int code)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(ends) && ends[i].code != code)
		i++;
	return i;
}

/* The first test that failed. */
static const json_t *first_failed(const struct loaded *r)
{
	const json_t *t;
	size_t i;

	json_array_foreach(r->tests, i, t)
	{
		if (strcmp(loaded_text(t, "verdict"), "fail") == 0)
			return t;
	}
	return NULL;
}

char *part_reason(const struct loaded *r)
{
	const char *said = loaded_text(json_object_get(r->run, "exit"), "reason");
	const json_t *t = first_failed(r);
	const char *detail = loaded_text(t, "detail");

	if (!r->run)
		return str_dup("run.json cannot be read");
	if (loaded_code(r) < 0)
		return str_dup("it has no end");
	if (loaded_code(r) == CODE_FAILED && t)
		return str("%s: %s", loaded_text(t, "test"), detail && *detail ? detail : "failed");
	return str_dup(said && *said ? said : "no reason was given");
}

/* The boot that the reason is of; 0: none is, as when no boot was begun. */
static size_t guilty_boot(const struct loaded *r)
{
	const char *why = loaded_text(json_object_get(r->run, "exit"), "reason"), *reason;
	const json_t *boots = json_object_get(r->run, "boots"), *b;
	size_t i;

	json_array_foreach(boots, i, b)
	{
		reason = loaded_text(b, "reason");
		if (why && reason && strcmp(why, reason) == 0)
			return i + 1;
	}
	return json_array_size(boots);
}

/* The logs of its first boot lie in the run's own folder (malloc'ed). */
static char *guilty_folder(const struct loaded *r)
{
	size_t n = guilty_boot(r);
	char *folder = str("%s/boot%zu", r->path, n);

	if (n > 1 && file_exists(folder))
		return folder;
	free(folder);
	return str_dup(r->path);
}

/* The detail, unless the reason has told it. */
static void detail(FILE *f, const json_t *t, const char *why)
{
	const char *text = loaded_text(t, "detail");

	if (!text || !*text || strstr(why, text) || strstr(text, why))
		return;
	fputs(": ", f);
	html_text(f, text);
}

static void purpose(FILE *f, const struct loaded *r, const char *test)
{
	char *what = test ? said_purpose(r, test) : NULL;

	if (what) {
		fputs("<br>It is to show: ", f);
		html_text(f, what);
	}
	free(what);
}

/* A run that ended by itself has nothing under way. */
static void under_way(FILE *f, const struct loaded *r)
{
	char *folder = guilty_folder(r);

	if (loaded_code(r) != CODE_FAILED)
		said_under_way(f, folder);
	free(folder);
}

static void failed_tests(FILE *f, const struct loaded *r, const char *why)
{
	const json_t *t;
	size_t i, told = 0;

	if (!r->failed)
		return;
	fputs("<ol class=\"failed\">\n", f);
	json_array_foreach(r->tests, i, t)
	{
		if (strcmp(loaded_text(t, "verdict"), "fail") != 0 || told++ >= TESTS_MOST)
			continue;
		fputs("<li><b>", f);
		html_text(f, loaded_text(t, "test"));
		fputs("</b> failed", f);
		detail(f, t, why);
		purpose(f, r, loaded_text(t, "test"));
		said_in_test(f, r, loaded_text(t, "test"));
		fputs("</li>\n", f);
	}
	fputs("</ol>\n", f);
	if (told > TESTS_MOST)
		fprintf(f, "<p class=\"cut\">Cut: %zu more tests failed; they are below.</p>\n",
			told - TESTS_MOST);
}

/* False: it said nothing. */
static bool words_of(FILE *f, const char *folder, const struct side *s)
{
	char *path = str("%s/%s", folder, s->file);
	bool any = file_size(path) > 0;

	if (any) {
		fprintf(f, "<section class=\"words\"><h4>%s <code>%s</code></h4>\n", s->who,
			s->file);
		excerpt_last_words(f, path, LINES);
		fputs("</section>\n", f);
	}
	free(path);
	return any;
}

static void silent(FILE *f, const struct side *const *sides, size_t n)
{
	if (!n)
		return;
	fputs("<p class=\"none\">Without a word: ", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s", i ? "; " : "", sides[i]->who);
	fputs(".</p>\n", f);
}

static void last_words(FILE *f, const struct loaded *r, size_t end)
{
	const struct side *none[4];
	char *folder = guilty_folder(r);
	size_t n = 0;

	fputs("<h3>Last words</h3>\n<div class=\"sides\">\n", f);
	for (size_t i = 0; i < ARRAY_LEN(ends[end].order) && ends[end].order[i]; i++)
		if (!words_of(f, folder, ends[end].order[i]))
			none[n++] = ends[end].order[i];
	fputs("</div>\n", f);
	silent(f, none, n);
	free(folder);
}

void part_failure(FILE *f, const struct loaded *r, size_t n)
{
	int code = loaded_code(r);
	char *why = part_reason(r);

	fprintf(f, "<article class=\"failure\" id=\"why%zu\">\n<h2>", n);
	part_badge(f, part_verdict(r));
	fputs(" ", f);
	html_text(f, loaded_name(r));
	fprintf(f, " <span class=\"end\">%s", code < 0 ? "no end" : exitcode_name(code));
	if (code >= 0)
		fprintf(f, ", exit code %d", code);
	fputs("</span></h2>\n<p class=\"reason\">", f);
	html_text(f, why);
	fprintf(f, "</p>\n<p class=\"means\">%s</p>\n", ends[end_of(code)].means);
	under_way(f, r);
	failed_tests(f, r, why);
	last_words(f, r, end_of(code));
	fprintf(f, "<p><a href=\"#r%zu\">All of this run</a>. Run it again: <code>", n);
	html_text(f, paths_short(r->path));
	fputs("/recreate.sh</code></p>\n</article>\n", f);
	free(why);
}
