/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson test: which suites and which of their tests are wanted, one job for each suite, and
 * the sum of it all. The order is that of the command line, then that of launch/suites.cfg. A
 * suite that cannot run does not keep the next ones from running.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "harness/core/signals.h"
#include "harness/run/cached.h"
#include "harness/run/given.h"
#include "harness/run/host_script.h"
#include "harness/run/known.h"
#include "harness/run/limits.h"
#include "harness/run/make_igvm.h"
#include "harness/run/suite_run.h"

/* What was asked for: a suite and the patterns for its tests. */
struct choice {
	const struct suite *suite;
	struct strlist patterns;
};

struct choices {
	struct choice *v;
	size_t n;
};

/*
 * The choice of a suite, made when it is not there yet: core/a and core/b are one boot with two
 * patterns.
 */
static struct choice *choose(struct choices *c, const struct suite *s)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].suite == s)
			return &c->v[i];
	c->v = mem_grow(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n] = (struct choice){.suite = s};
	return &c->v[c->n++];
}

/* Why a file, freed here, keeps a suite from running (malloc'ed); NULL: it does not, or there is
 * none. */
static char *lacks_file(char *path, const char *todo)
{
	char *why = path && access(path, R_OK) != 0 ? str("no %s: %s", path, todo) : NULL;

	free(path);
	return why;
}

/* Where nothing can be made or fetched, every suite of a Linux is an optional one. */
static char *lacks_installed(const struct suite *s, const struct options *o)
{
	char *why = lacks_file(make_igvm_kernel(s, o), "give one by --kernel FILE");

	if (!why)
		why = lacks_file(make_igvm_initrd(s, o), "give one by --initrd FILE");
	if (!why && !o->igvm)
		why = lacks_file(make_igvm_firmware(s, o), "give one by --firmware FILE");
	return why;
}

/*
 * Why an optional suite cannot run (malloc'ed), NULL when it can. --kernel brings the kernel that
 * it lacks, and so does an IGVM file that has one in it.
 */
static char *lacks(const struct suite *s, const struct options *o)
{
	char *kernel;
	bool there;

	if (given_brings_its_guest(o))
		return NULL;
	if (paths_installed() && s->kind == SUITE_LINUX)
		return lacks_installed(s, o);
	if (!s->optional || o->kernel)
		return NULL;
	kernel = paths_in_root(s->kernel);
	there = access(kernel, R_OK) == 0;
	free(kernel);
	return there ? NULL : str("no %s: %s", s->kernel, s->optional);
}

/* "SUITE" or "SUITE/TEST" */
static bool choose_word(struct choices *c, const char *word)
{
	char *name = str_dup(word), *slash = strchr(name, '/');
	const struct suite *s;

	if (slash)
		*slash = 0;
	s = suites_find(name);
	if (!s)
		problem("no such suite: %s", name);
	else if (slash)
		strlist_add(&choose(c, s)->patterns, slash + 1);
	else
		choose(c, s);
	free(name);
	return s != NULL;
}

/*
 * --all and --group leave out what cannot run here, and say so; who names a suite gets an error
 * instead (all_pass).
 */
static void choose_unless_lacking(struct choices *c, const struct suite *s, const struct options *o)
{
	char *why = lacks(s, o);

	if (why)
		report_line("%s: left out: %s", s->name, why);
	else
		choose(c, s);
	free(why);
}

/*
 * All that the command line asks for. False after one line: a name that is not known, or
 * nothing at all.
 */
static bool choose_all(struct choices *c, const struct options *o)
{
	for (size_t i = 0; i < o->args.n; i++)
		if (!choose_word(c, o->args.v[i]))
			return false;
	for (size_t i = 0; i < suites_count(); i++) {
		const struct suite *s = suites_at(i);

		if (!s->hidden && (o->all || (o->group && suite_in_group(s, o->group))))
			choose_unless_lacking(c, s, o);
	}
	if (!c->n)
		problem("nothing to run: name suites, or --all, or --group NAME; --list shows "
			"them");
	return c->n != 0;
}

/* False after one line: one of them cannot run here, for the first reason that `why_not` finds. */
static bool all_pass(const struct choices *c, const struct options *o,
		     char *(*why_not)(const struct suite *s, const struct options *o))
{
	for (size_t i = 0; i < c->n; i++) {
		char *why = why_not(c->v[i].suite, o);

		if (!why)
			continue;
		problem("%s: %s", c->v[i].suite->name, why);
		free(why);
		return false;
	}
	return true;
}

/* Why the target of a deterministic run cannot be told these patterns (malloc'ed), or NULL. */
static char *cannot_say(const struct strlist *patterns, const struct session_setup *setup)
{
	char *script, *why;

	for (size_t i = 0; i < patterns->n; i++)
		if (!host_script_can_say(patterns->v[i]))
			return str("--deterministic knows '*' and '?' in names of tests, not '%s'",
				   patterns->v[i]);
	script = host_script_tests(setup, patterns);
	why = host_script_too_long(script);
	free(script);
	return why;
}

/* False after one line: the target of a deterministic run chooses the tests. */
static bool patterns_can_be_said(const struct choices *c, const struct options *o)
{
	struct session_setup setup = {.profile = profile_find(o->platform)};
	char *why = NULL;

	for (size_t i = 0; i < c->n && !why; i++)
		why = cannot_say(&c->v[i].patterns, &setup);
	if (why)
		problem("%s", why);
	free(why);
	return !why;
}

/* The suites themselves, without a boot. Hidden ones run by name only and are not shown. */
static void list_suites(const struct options *options)
{
	for (size_t i = 0; i < suites_count(); i++) {
		const struct suite *s = suites_at(i);
		char *text, *why;
		json_t *o;

		if (s->hidden)
			continue;
		if (!options->json) {
			printf("%-14s %-9s %s\n", s->name, suite_kind_name(s->kind), s->shows);
			continue;
		}
		why = lacks(s, options);
		o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s*}", "suite", s->name, "kind",
			      suite_kind_name(s->kind), "groups", s->groups, "shows", s->shows,
			      "smp", (int)s->smp, "lacks", why);
		text = json_dumps(o, JSON_COMPACT);
		report_json(text);
		free(text);
		free(why);
		json_decref(o);
	}
}

/* ---- one suite ---- */

static struct known deviations; /* --known; lives as long as the program */

/*
 * One suite from its folder to its verdicts. outer and sum are there when it is one of several.
 * A suite that cannot even be prepared gets a failed test "boot", so that no report passes it
 * over in silence. *folder receives the run folder when there is no outer one.
 */
static int run_one(const struct options *o, const struct choice *c, const struct runfolder *outer,
		   const struct strlist *words, struct results *sum, char **folder)
{
	struct job j;
	bool found = true;
	int code;

	if (!job_open(&j, o, c->suite, outer, words))
		return CODE_HOST;
	j.known = &deviations;
	if (!job_prepare(&j)) {
		results_add(&j.results, c->suite->name, "boot", VERDICT_FAIL, 0, j.outcome.reason);
		report_result(&j.results.v[0]);
	} else if (o->list) {
		suite_list(&j);
	} else {
		found = suite_run(&j, &c->patterns);
	}
	if (!found && j.outcome.code == CODE_PASSED)
		outcome_set(&j.outcome, CODE_USAGE, str("a test was asked for that is not there"));
	code = job_close(&j);
	if (sum)
		results_merge(sum, &j.results);
	if (code != CODE_PASSED && code != CODE_FAILED && found)
		report_line("%s: %s: %s", c->suite->name, exitcode_name(code), j.outcome.reason);
	if (!outer)
		*folder = str_dup(j.folder.path);
	job_free(&j);
	return code;
}

/* ---- all of them ---- */

static void print_sum(const struct results *sum, int code)
{
	char *line = str("{\"passed\": %zu, \"failed\": %zu, \"skipped\": %zu, \"known\": %zu, "
			 "\"exit\": %d}",
			 sum->passed, sum->failed, sum->skipped, sum->known, code);

	report_json(line);
	free(line);
}

/*
 * The last words: where everything lies, and the count. Nothing comes after the count, since
 * scripts read the last line.
 */
static void finish(const struct options *o, const struct results *sum, int code, const char *folder)
{
	if (o->list)
		return;
	report_line("run folder: %s", paths_short(folder));
	if (o->json)
		print_sum(sum, code);
	report_summary(sum);
}

/* The choice as words of a command line (malloc'ed). */
static char *choice_words(const struct choice *c)
{
	struct strlist words = {0};
	char *line;

	if (!c->patterns.n)
		strlist_add(&words, c->suite->name);
	for (size_t i = 0; i < c->patterns.n; i++)
		strlist_addf(&words, "%s/%s", c->suite->name, c->patterns.v[i]);
	line = strlist_shell(&words);
	strlist_free(&words);
	return line;
}

static void tell_seed(const struct choice *c, unsigned seed, int code)
{
	char *words = choice_words(c);

	report_line("seed %u: %s: %s; again: keelson test --seed %u %s", seed, c->suite->name,
		    exitcode_name(code), seed, words);
	free(words);
}

/* Every suite with every seed: a run for each. A failure is told with what makes that run again. */
static void run_seeds(const struct options *o, const struct choices *c,
		      const struct runfolder *outer, const struct strlist *words,
		      struct results *sum, struct outcome *all)
{
	struct options one = *o;

	for (uint64_t seed = o->seed_first; seed <= o->seed_last; seed++)
		for (size_t i = 0; i < c->n && !signals_taken(); i++) {
			int code;

			one.seed = (unsigned)seed;
			code = run_one(&one, &c->v[i], outer, words, sum, NULL);
			if (code != CODE_PASSED)
				tell_seed(&c->v[i], one.seed, code);
			if (exitcode_worse(code, all->code) != all->code)
				outcome_set(all, code,
					    str("suite %s with seed %u", c->v[i].suite->name,
						one.seed));
		}
}

/*
 * Several suites: a folder for each, inside one that sums them up. The exit code is the gravest
 * of theirs.
 */
static int run_many(const struct options *o, const struct choices *c, const struct strlist *words)
{
	struct runfolder outer;
	struct outcome all = {0};
	struct results sum;
	struct record record;
	size_t i;

	if (!runfolder_create(&outer, o->runs, o->name ? o->name : "test"))
		return CODE_HOST;
	record_open(&record, &outer, "test", words);
	runfolder_recreate(&outer, words);
	if (!results_open(&sum, &outer))
		return CODE_HOST;
	if (o->seed_last)
		run_seeds(o, c, &outer, words, &sum, &all);
	for (i = 0; !o->seed_last && i < c->n && !signals_taken(); i++) {
		int code = run_one(o, &c->v[i], &outer, words, &sum, NULL);

		if (exitcode_worse(code, all.code) != all.code)
			outcome_set(&all, code, str("suite %s", c->v[i].suite->name));
	}
	/* It may have come between two suites, when no boot was there to end by it. */
	if (i < c->n && signals_taken() && all.code < CODE_SIGNAL)
		outcome_set(&all, CODE_SIGNAL + signals_taken(),
			    str("suite %s was not begun", c->v[i].suite->name));
	results_junit(&sum, &outer);
	if (output_verdict(all.code) != all.code)
		outcome_set(&all, CODE_HOST, str_dup(output_loss()));
	record_close(&record, &all, &sum);
	finish(o, &sum, output_verdict(all.code), outer.path);
	return all.code;
}

/*
 * One suite: its folder is the run's. The sum has no folder of its own, so what it would note
 * goes nowhere.
 */
static int run_single(const struct options *o, const struct choices *c, const struct strlist *words)
{
	struct results sum = {0};
	char *folder = NULL;
	int code;

	sum.jsonl = str_dup("/dev/null");
	code = run_one(o, &c->v[0], NULL, words, &sum, &folder);
	if (folder) /* else there is none, and a line on stderr said so */
		finish(o, &sum, code, folder);
	free(folder);
	return code;
}

/* The status line knows what is to come. */
static void foresee(const struct options *o, const struct choices *c)
{
	struct strlist names = {0};

	for (size_t i = 0; i < c->n; i++)
		strlist_add(&names, c->v[i].suite->name);
	if (!o->list)
		progress_begin(o->runs, &names);
	strlist_free(&names);
}

int test_command(int argc, char **argv)
{
	struct strlist words = {0};
	struct choices c = {0};
	struct options o;
	char *cfg = paths_in_root("launch/suites.cfg");
	int rc = options_read(&o, argc, argv,
			      "test [OPTIONS] [--list] [--all | --group NAME | SUITE[/TEST] ...]");

	if (rc)
		return rc < 0 ? CODE_PASSED : rc;
	o.test = true;
	if (!profile_find(o.platform))
		return problem("no such platform: %s", o.platform), CODE_USAGE;
	if (!suites_read(cfg))
		return CODE_HOST;
	if (!known_read(&deviations, o.known))
		return CODE_USAGE;
	report_init(o.json);
	if (o.list && !o.args.n && !o.all && !o.group)
		return list_suites(&o), CODE_PASSED;
	if (!choose_all(&c, &o) || !all_pass(&c, &o, limits_refuse) ||
	    !all_pass(&c, &o, given_refuse) || !all_pass(&c, &o, host_script_refuse) ||
	    !all_pass(&c, &o, cached_refuse))
		return CODE_USAGE;
	if (o.deterministic && !patterns_can_be_said(&c, &o))
		return CODE_USAGE;
	if (!all_pass(&c, &o, lacks))
		return CODE_HOST;
	for (size_t i = 0; o.dry_run && i < c.n; i++)
		job_dry_run(&o, c.v[i].suite);
	if (o.dry_run)
		return CODE_PASSED;
	job_words(&words, argc, argv);
	signals_init();
	foresee(&o, &c);
	return c.n == 1 && !o.seed_last ? run_single(&o, &c, &words) : run_many(&o, &c, &words);
}
