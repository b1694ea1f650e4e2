/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How long still is a sum: the tests of this suite that are to come, and the suites behind it, each
 * as long as it took the last time. Only what is known for all of them is told.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/report/past.h"
#include "harness/report/progress.h"
#include "harness/report/report.h"

#define PERIOD_MS 1000u

static struct {
	char *runs, *what, *suite;
	uint64_t started, suite_started, drawn;
	size_t suites, done, tests, test;
	struct past past;  /* of this suite */
	bool later_known;  /* for all suites to come */
	unsigned later_ms; /* they take together */
	struct strlist names;
	int64_t *still; /* by test, ms from its start to the suite's last test; -1: not known */
} now;

/* ---- what is to come ---- */

static unsigned whole_ms(const char *suite)
{
	struct past p;
	unsigned ms;

	past_read(&p, now.runs, suite, NULL);
	ms = p.ms;
	past_free(&p);
	return ms;
}

static void sum_later(void)
{
	now.later_ms = 0;
	now.later_known = true;
	for (size_t i = now.done + 1; i < now.suites; i++) {
		unsigned ms = whole_ms(now.names.v[i]);

		now.later_ms += ms;
		now.later_known &= ms != 0;
	}
}

/* What is left of the suite: what its remaining tests took, or of all its time what has not passed
 * yet while it has not come to them. -1: not known. */
static int64_t left_of_suite(void)
{
	uint64_t passed = now_ms() - now.suite_started;

	if (now.still)
		return now.test < now.tests ? now.still[now.test] : 0;
	if (!now.past.ms)
		return -1;
	return now.past.ms > passed ? (int64_t)(now.past.ms - passed) : 0;
}

static int64_t left(void)
{
	int64_t suite = left_of_suite();

	return suite < 0 || !now.later_known ? -1 : suite + now.later_ms;
}

/* ---- the line ---- */

static char *clock_text(uint64_t ms)
{
	uint64_t s = ms / 1000;

	return s < 3600 ? str("%llu:%02llu", (unsigned long long)(s / 60),
			      (unsigned long long)(s % 60))
			: str("%llu:%02llu:%02llu", (unsigned long long)(s / 3600),
			      (unsigned long long)(s / 60 % 60), (unsigned long long)(s % 60));
}

char *progress_text(const struct progress_view *v, const char *what)
{
	char *place = v->suites > 1 ? str("[%s %zu/%zu]", v->suite, v->suites_done + 1, v->suites)
				    : str("[%s]", v->suite);
	char *tests = v->tests ? str(" %zu/%zu", v->tests_done + 1, v->tests) : str_dup("");
	char *elapsed = clock_text(v->elapsed),
	     *more = v->left < 0 ? str_dup("") : clock_text((uint64_t)v->left);
	char *all = str("%s%s  %s%s%s%s  %s", place, tests, elapsed, *more ? ", about " : "", more,
			*more ? " left" : "", what);

	free(place);
	free(tests);
	free(elapsed);
	free(more);
	return all;
}

static void draw(void)
{
	struct progress_view v = {now.suite, now.done,  now.suites,
				  now.test,  now.tests, now_ms() - now.started,
				  left()};
	char *text = progress_text(&v, now.what ? now.what : "");

	report_status("%s", text);
	free(text);
	now.drawn = now_ms();
}

/* ---- steps ---- */

static void set(char **slot, const char *text)
{
	free(*slot);
	*slot = str_dup(text);
}

void progress_begin(const char *runs, const struct strlist *suites)
{
	if (!report_terminal())
		return;
	now.runs = runs ? str_dup(runs) : paths_in_build("runs");
	now.started = now_ms();
	now.suites = suites->n;
	for (size_t i = 0; i < suites->n; i++)
		strlist_add(&now.names, suites->v[i]);
}

void progress_suite(const char *name, const char *folder)
{
	if (!now.runs)
		return;
	now.done += now.suite != NULL;
	set(&now.suite, name);
	now.suite_started = now_ms();
	now.tests = now.test = 0;
	free(now.still);
	now.still = NULL;
	past_free(&now.past);
	past_read(&now.past, now.runs, name, folder);
	sum_later();
	progress_step("");
}

/* From the last test to the first. One that is not known makes all before it unknown. */
void progress_tests(size_t n, const char *(*name)(const void *list, size_t i), const void *list)
{
	if (!now.runs || !n)
		return;
	now.tests = n;
	now.still = mem_alloc(n * sizeof(*now.still));
	for (size_t i = n; i-- > 0;) {
		int64_t later = i + 1 < n ? now.still[i + 1] : 0;
		unsigned ms = 0;

		now.still[i] =
			past_test_ms(&now.past, name(list, i), &ms) && later >= 0 ? later + ms : -1;
	}
}

void progress_step(const char *what)
{
	if (!now.runs)
		return;
	set(&now.what, what);
	draw();
}

void progress_test(size_t i)
{
	now.test = i;
}

void progress_tick(void)
{
	if (now.runs && now.suite && now_ms() - now.drawn >= PERIOD_MS)
		draw();
}
