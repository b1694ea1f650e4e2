/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The whole page, from top to bottom: the verdict, why runs failed, all runs, two of them side by
 * side, and each run in full.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/page/excerpt.h"
#include "harness/page/html.h"
#include "harness/page/page.h"
#include "harness/page/parts.h"

#define PAGE_MOST     (4l << 20) /* bytes, from which on logs are left out */
#define LOG_FAILED    (64u << 10)
#define LOG_PASSED    (6u << 10)
#define FAILURES_MOST 30
#define CHECK_LINES   60
#define CHECK_LAST    4 /* lines, in which it says what failed */

/* harness/page/assets.S */
extern const char page_css[], page_js[];

/* What of make check failed, by its own word (malloc'ed); NULL: nothing, or it was not asked for.
 */
static char *check_failed(const struct page_options *o)
{
	static const char word[] = "\ncheck: failed:";
	char *text = o->check_log ? file_text(o->check_log, NULL) : NULL, *at, *steps;

	at = text ? strstr(text_tail(text, CHECK_LAST), word) : NULL;
	steps = at ? str("%.*s", (int)strcspn(at + sizeof(word), "(\n"), at + sizeof(word)) : NULL;
	free(text);
	return steps;
}

static size_t failed_runs(const struct loaded_all *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += loaded_failed(&a->v[i]);
	return n;
}

/* ---- head ---- */

/* 'sha256-...' as CSP level 3 wants it: of the text between the tags. */
static void hash(FILE *f, const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha256(), NULL) != 1)
		n = 0; /* then nothing fits, and the page is plain */
	EVP_EncodeBlock(base64, digest, (int)n);
	fprintf(f, "'sha256-%s'", base64);
}

static void policy(FILE *f)
{
	fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src "
	      "data:; base-uri "
	      "'none'; form-action 'none'; style-src ",
	      f);
	hash(f, page_css);
	fputs("; script-src ", f);
	hash(f, page_js);
	fputs("\">\n", f);
}

static void head(FILE *f, const struct loaded_all *a, const char *steps)
{
	size_t failed = failed_runs(a);

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", f);
	policy(f);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta "
	      "name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
	      "<title>",
	      f);
	if (failed)
		fprintf(f, "✗ %zu of %zu failed", failed, a->n);
	else if (steps)
		fputs("✗ make check failed", f);
	else
		fprintf(f, "✓ %zu passed", a->n);
	fprintf(f, " - Keelson report</title>\n<style>%s</style>\n</head>\n", page_css);
}

/* Patterns of the memory map: forms, so that colour is not the only sign. */
static void patterns(FILE *f)
{
	fputs("<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>"
	      "<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" "
	      "patternTransform=\"rotate(45)\"><rect class=\"back\" width=\"5\" "
	      "height=\"5\"/><rect "
	      "class=\"ink\" width=\"1.5\" height=\"5\"/></pattern>"
	      "<pattern id=\"dots\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"><rect "
	      "class=\"back\" width=\"4\" height=\"4\"/><circle class=\"ink\" cx=\"2\" cy=\"2\" "
	      "r=\"1\"/></pattern></defs></svg>\n",
	      f);
}

/* ---- top ---- */

static void verdict(FILE *f, const struct loaded_all *a, const char *steps)
{
	size_t failed = failed_runs(a), passed = 0, bad = 0, skipped = 0, known = 0;

	for (size_t i = 0; i < a->n; i++) {
		passed += a->v[i].passed;
		bad += a->v[i].failed;
		skipped += a->v[i].skipped;
		known += a->v[i].known;
	}
	fputs("<p class=\"verdict\" id=\"verdict\">", f);
	part_badge(f, failed || steps ? "fail" : "pass");
	fprintf(f,
		" <strong>%zu of %zu runs failed</strong><br>tests: <span "
		"id=\"counts\">%zu passed, %zu failed, %zu skipped, %zu known to fail</span></p>\n",
		failed, a->n, passed, bad, skipped, known);
	if (!steps)
		return;
	fputs("<p class=\"reason\" id=\"steps\">make check failed: ", f);
	html_text(f, steps);
	fputs("</p>\n", f);
}

static void top(FILE *f, const struct loaded_all *a, const char *steps)
{
	char host[256] = "", when[64];
	time_t now = time(NULL);
	struct tm tm;

	gethostname(host, sizeof(host) - 1);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", localtime_r(&now, &tm));
	fputs("<header>\n<h1>Keelson report</h1>\n", f);
	verdict(f, a, steps);
	fprintf(f, "<p class=\"made\">Made on %s on ", when);
	html_text(f, host);
	fputs("</p>\n<nav aria-label=\"Parts of this page\"><a href=\"#runs\">All runs</a> ", f);
	if (a->n > 1)
		fputs("<a href=\"#compare\">Compare two</a> ", f);
	fputs("</nav>\n</header>\n", f);
}

static void failures(FILE *f, const struct loaded_all *a)
{
	size_t told = 0;

	if (!failed_runs(a))
		return;
	fputs("<section id=\"why\" aria-label=\"Why runs failed\">\n", f);
	for (size_t i = 0; i < a->n; i++)
		if (loaded_failed(&a->v[i]) && told++ < FAILURES_MOST)
			part_failure(f, &a->v[i], i);
	if (told > FAILURES_MOST)
		fprintf(f, "<p class=\"cut\">Cut: %zu more runs failed; they are below.</p>\n",
			told - FAILURES_MOST);
	fputs("</section>\n", f);
}

/* Its last words say which step failed, and which tests of the harness. */
static void check(FILE *f, const struct page_options *o, const char *steps)
{
	if (!o->check_log || file_size(o->check_log) <= 0)
		return;
	fprintf(f, "<details id=\"check\"%s>", steps ? " open" : "");
	fputs("<summary>The last words of make check</summary>\n", f);
	excerpt(f, o->check_log, CHECK_LINES, LOG_FAILED);
	fputs("</details>\n", f);
}

/* ---- all runs ---- */

static void run_row(FILE *f, const struct loaded *r, size_t n)
{
	char *why = loaded_failed(r) ? part_reason(r) : NULL;
	double seconds;

	fprintf(f, "<tr data-verdict=\"%s\"><td>", part_verdict(r));
	part_badge(f, part_verdict(r));
	fprintf(f, "</td><th scope=\"row\"><a href=\"#r%zu\">", n);
	html_text(f, loaded_name(r));
	fprintf(f,
		"</a></th><td class=\"num\">%zu</td><td class=\"num\">%zu</td><td "
		"class=\"num\">",
		r->passed, r->failed);
	if (loaded_number(r->run, "seconds", &seconds))
		html_ms(f, seconds * 1000);
	fputs("</td><td>", f);
	html_text(f, why);
	fputs("</td></tr>\n", f);
	free(why);
}

static void all_runs(FILE *f, const struct loaded_all *a)
{
	fputs("<section id=\"runs\" tabindex=\"-1\">\n<h2>Runs</h2>\n<form id=\"filter\" "
	      "hidden><label><input type=\"checkbox\" id=\"only-failed\"> only what failed</label> "
	      "<label>with the text <input type=\"search\" id=\"text\" "
	      "autocomplete=\"off\"></label> <output id=\"shown\"></output></form>\n<table "
	      "class=\"runs\">\n<thead><tr><th scope=\"col\">Verdict</th><th "
	      "scope=\"col\">Run</th><th class=\"num\" scope=\"col\">Passed</th><th class=\"num\" "
	      "scope=\"col\">Failed</th><th "
	      "class=\"num\" scope=\"col\">Time</th><th "
	      "scope=\"col\">Reason</th></tr></thead>\n<tbody>\n",
	      f);
	for (size_t i = 0; i < a->n; i++)
		run_row(f, &a->v[i], i);
	fputs("</tbody></table>\n</section>\n", f);
}

static void choice(FILE *f, const struct loaded_all *a, const char *id, const char *label,
		   size_t chosen)
{
	fprintf(f, "<label>%s <select id=\"%s\">", label, id);
	for (size_t i = 0; i < a->n; i++) {
		fprintf(f, "<option value=\"%zu\"%s>", i, i == chosen ? " selected" : "");
		html_text(f, loaded_name(&a->v[i]));
		fprintf(f, " (%zu)</option>", i + 1);
	}
	fputs("</select></label>\n", f);
}

/* With which run the last one is compared at first: the last of the same name, or the one before.
 */
static size_t partner(const struct loaded_all *a)
{
	const char *name = loaded_name(&a->v[a->n - 1]);

	for (size_t i = a->n - 1; i-- > 0;)
		if (strcmp(loaded_name(&a->v[i]), name) == 0)
			return i;
	return a->n - 2;
}

static void compare(FILE *f, const struct loaded_all *a)
{
	if (a->n < 2)
		return;
	fputs("<section id=\"compare\" tabindex=\"-1\">\n<h2>Two runs side by side</h2>\n<noscript>"
	      "<p>This part needs its script; each run is below in full.</p></noscript>\n<form "
	      "id=\"pair\" hidden>\n",
	      f);
	choice(f, a, "left", "A", partner(a));
	choice(f, a, "right", "B", a->n - 1);
	fputs("<label><input type=\"checkbox\" id=\"only-different\" checked> only what "
	      "differs</label></form>\n<div id=\"pairs\" aria-live=\"polite\"></div>\n</section>\n",
	      f);
}

/* ---- each run ---- */

static size_t log_room(FILE *f, const struct loaded *r)
{
	if (ftell(f) > PAGE_MOST)
		return 0;
	return loaded_failed(r) ? LOG_FAILED : LOG_PASSED;
}

static void one_run(FILE *f, const struct loaded *r, size_t n, bool only)
{
	char *log = loaded_file(r, "monitor.log");
	struct trace t;

	trace_read(&t, log);
	fprintf(f, "<details class=\"run\" id=\"r%zu\" data-verdict=\"%s\"%s>\n<summary><h2>", n,
		part_verdict(r), only ? " open" : "");
	part_badge(f, part_verdict(r));
	fputs(" ", f);
	html_text(f, loaded_name(r));
	fputs("</h2></summary>\n", f);
	part_boots(f, r);
	part_tests(f, r);
	part_latency(f, r);
	part_exits(f, &t);
	part_memory(f, &t);
	part_inputs(f, r);
	part_facts(f, r);
	part_logs(f, r, log_room(f, r));
	part_figures(f, r, &t);
	fputs("</details>\n", f);
	trace_free(&t);
	free(log);
}

char *page_make(const struct loaded_all *a, const struct page_options *o)
{
	char *text = NULL, *steps;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	steps = check_failed(o);
	head(f, a, steps);
	fputs("<body>\n<a class=\"skip\" href=\"#runs\">To the runs</a>\n", f);
	patterns(f);
	top(f, a, steps);
	fputs("<main>\n", f);
	failures(f, a);
	check(f, o, steps);
	all_runs(f, a);
	compare(f, a);
	fputs("<section id=\"each\" aria-label=\"Each run\">\n", f);
	for (size_t i = 0; i < a->n; i++)
		one_run(f, &a->v[i], i, a->n == 1);
	fprintf(f, "</section>\n</main>\n<script>%s</script>\n</body>\n</html>\n", page_js);
	free(steps);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
