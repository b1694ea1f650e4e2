/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A suite with a control port, from the list of its tests to the verdict of each. Whatever a
 * test does to its machine, the next one gets a verdict of its own: from the same boot, or from
 * a fresh one.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "harness/run/host_script.h"
#include "harness/run/known.h"
#include "harness/run/selftest.h"
#include "harness/run/suite_run.h"
#include "harness/session/talk.h"

#define RESETS_MOST 4 /* of a test */

/* A verdict is known: into the results, and before people's eyes. */
static void verdict(struct job *j, const char *test, enum verdict v, unsigned ms,
		    const char *detail)
{
	results_add(&j->results, j->suite->name, test, v, ms, detail);
	report_result(&j->results.v[j->results.n - 1]);
}

/*
 * The verdict of a test of the target's, after what is known of this SVSM: a failure that was
 * foreseen, and the end of the boot that it may bring, does not count against the run. One that was
 * foreseen and did not come is told, so that the list can follow.
 */
static void verdict_of_test(struct job *j, const char *test, const struct talk_verdict *t)
{
	const char *why = j->known ? known_find(j->known, j->suite->name, test) : NULL;
	char *text;

	if (!why || t->verdict == VERDICT_SKIP) {
		verdict(j, test, t->verdict, t->ms, t->detail);
		return;
	}
	if (t->verdict == VERDICT_PASS) {
		verdict(j, test, VERDICT_PASS, t->ms, t->detail);
		report_line("%s/%s no longer deviates: %s", j->suite->name, test, why);
		return;
	}
	text = str("%s (%s)", why, t->detail);
	verdict(j, test, VERDICT_KNOWN, t->ms, text);
	j->known_end = true;
	free(text);
}

/* Lines of the list that fit no test: whoever renamed one has to know. */
static void tell_unmet(const struct job *j, const struct talk_list *l)
{
	const char *test;
	size_t at = 0, length = strlen(j->suite->name);

	if (!j->known)
		return;
	for (size_t i = 0; i < l->n; i++)
		known_find(j->known, j->suite->name, l->v[i].name);
	while ((test = known_unmet(j->known, &at)))
		if (strncmp(test, j->suite->name, length) == 0 && test[length] == '/')
			report_line("no test for the known deviation %s", test);
}

/* No pattern at all means every test. */
static bool wanted(const struct strlist *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], name, 0) == 0)
			return true;
	return patterns->n == 0;
}

/* Drops what was not asked for. False when a pattern fits nothing. */
static bool select_tests(const struct suite *s, struct talk_list *l, const struct strlist *patterns)
{
	size_t kept = 0;

	for (size_t i = 0; i < patterns->n; i++) {
		size_t k = 0;

		while (k < l->n && fnmatch(patterns->v[i], l->v[k].name, 0) != 0)
			k++;
		if (k < l->n)
			continue;
		problem("suite %s has no test '%s'", s->name, patterns->v[i]);
		return false;
	}
	for (size_t i = 0; i < l->n; i++) {
		struct talk_test t = l->v[i];

		if (!wanted(patterns, t.name))
			continue;
		l->v[i] = l->v[kept];
		l->v[kept++] = t;
	}
	for (size_t i = kept; i < l->n; i++)
		talk_test_free(&l->v[i]);
	l->n = kept;
	return true;
}

/* A step of the suite's own failed, outside any test. */
static void step_failed(struct job *j, const char *step, unsigned ms)
{
	char *why = job_why(j);

	verdict(j, step, VERDICT_FAIL, ms, why);
	free(why);
}

/* The boot that test i was to have failed: so do all from there on. */
static void fail_rest(struct job *j, const struct talk_list *l, size_t i)
{
	char *reason = job_why(j), *why = str("not run: boot %u: %s", j->boots, reason);

	job_boot_end(j);
	for (; i < l->n; i++)
		verdict(j, l->v[i].name, VERDICT_FAIL, 0, why);
	free(why);
	free(reason);
}

/*
 * A test that announces a reset (docs/test-control.md) goes on in the next boot: the same RUN
 * is sent again, and the test knows by its files how far it was. False: the target is gone, and
 * the next test needs a boot.
 */
static bool run_test(struct job *j, const struct talk_list *l, size_t i, struct talk_verdict *v)
{
	const char *name = l->v[i].name;
	bool up = talk_run(&j->session, name, v);

	for (unsigned n = 0; v->reset && n < RESETS_MOST; n++) {
		unsigned before = v->ms;

		free(v->detail);
		job_script(j, host_script_rest(&j->setup, l, i));
		if (!job_reboot(j)) {
			*v = (struct talk_verdict){VERDICT_FAIL, job_why(j), before, false};
			return false;
		}
		up = talk_run(&j->session, name, v);
		v->ms += before;
	}
	if (v->reset) {
		free(v->detail);
		v->detail = str("it announced more than %u resets", RESETS_MOST);
	}
	return up;
}

static const char *name_of(const void *list, size_t i)
{
	return ((const struct talk_list *)list)->v[i].name;
}

/*
 * After a test that took the target down, the next one gets a fresh boot. A target that does not
 * come up again fails all the rest.
 */
static void run_tests(struct job *j, const struct talk_list *l)
{
	bool up = true;

	progress_tests(l->n, name_of, l);
	for (size_t i = 0; i < l->n; i++) {
		struct talk_verdict v;

		if (!up)
			job_script(j, host_script_rest(&j->setup, l, i));
		if (!up && !job_boot(j)) {
			fail_rest(j, l, i);
			return;
		}
		progress_test(i);
		progress_step(l->v[i].name);
		up = run_test(j, l, i, &v);
		verdict_of_test(j, l->v[i].name, &v);
		free(v.detail);
		j->known_end &= !up;
		if (!up)
			job_boot_end(j);
	}
	if (!up)
		return;
	if (!talk_bye(&j->session))
		step_failed(j, "power-off", 0);
	job_boot_end(j);
}

/* The suite's only test is that its target comes up and goes down. The time is that of the boot. */
static void boot_only(struct job *j)
{
	unsigned ms = j->session.time.ready;

	if (talk_bye(&j->session))
		verdict(j, "boot", VERDICT_PASS, ms, "");
	else
		step_failed(j, "boot", ms);
	job_boot_end(j);
}

/*
 * The first boot is the suite's own: when it fails there is no list, and one failed test "boot"
 * stands for all. False, and said so: a pattern fits no test; then nothing was run.
 */
bool suite_run(struct job *j, const struct strlist *patterns)
{
	struct talk_list l = {0};
	bool ok;

	job_script(j, j->suite->boot_only ? host_script_nothing()
					  : host_script_tests(&j->setup, patterns));
	if (!job_boot(j)) {
		step_failed(j, "boot", 0);
		job_boot_end(j);
		return true;
	}
	if (j->suite->kind == SUITE_SELFTEST)
		return selftest_run(j, patterns);
	if (j->suite->boot_only)
		return boot_only(j), true;
	if (!talk_tests(&j->session, &l)) {
		step_failed(j, "list", 0);
		job_boot_end(j);
		talk_list_free(&l);
		return true;
	}
	tell_unmet(j, &l);
	ok = select_tests(j->suite, &l, patterns);
	if (ok)
		run_tests(j, &l);
	else
		job_boot_end(j);
	if (ok && !l.n)
		verdict(j, "list", VERDICT_FAIL, 0, "the suite has no tests");
	talk_list_free(&l);
	return ok;
}

/* A line for people or a JSON object. Name and text are the target's. */
static void print_test(const char *suite, const struct talk_test *t)
{
	json_t *o;
	char *text;

	if (!report_is_json()) {
		printf("%s/%-32s %s\n", suite, t->name, t->shows);
		return;
	}
	o = json_pack("{s:s, s:s, s:s, s:s*}", "suite", suite, "test", str_ascii(t->name), "shows",
		      str_ascii(t->shows), "rules", t->rules[0] ? str_ascii(t->rules) : NULL);
	text = json_dumps(o, JSON_COMPACT);
	report_json(text);
	free(text);
	json_decref(o);
}

/* One boot for the list alone. Its own failure is an outcome of the job, not a verdict. */
bool suite_list(struct job *j)
{
	struct talk_list l = {0};
	bool ok;

	job_script(j, host_script_list());
	ok = job_boot(j) && talk_tests(&j->session, &l);

	for (size_t i = 0; i < l.n; i++)
		print_test(j->suite->name, &l.v[i]);
	if (ok)
		ok = talk_bye(&j->session);
	job_boot_end(j);
	/* The SVSM's own tests have no list; any other target that powers off early owes one. */
	if (!ok && j->suite->kind != SUITE_SELFTEST && j->outcome.code == CODE_PASSED)
		outcome_set(&j->outcome, CODE_GUEST, str("it ended without a list of its tests"));
	talk_list_free(&l);
	return ok;
}
