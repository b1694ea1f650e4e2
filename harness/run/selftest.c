/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The suite of kind `selftest`: the SVSM runs its own tests before there is a guest, and their
 * verdicts are lines of svsm.log. There is no list to ask for and no test to choose: patterns
 * only select what is reported. So a missing end line and a wrong count are failures of their
 * own.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/progress.h"
#include "harness/report/report.h"
#include "harness/run/selftest.h"

#define MARK "selftest: "

/* What was read so far. */
struct tally {
	struct job *j;
	const struct strlist *patterns;
	bool *fits; /* of each pattern: a test has that name */
	size_t seen, said;
	bool ended;
};

/* Notes for each pattern that a test has such a name, also when an earlier pattern fits too. */
static bool wanted(struct tally *t, const char *name)
{
	bool any = t->patterns->n == 0;

	for (size_t i = 0; i < t->patterns->n; i++)
		if (fnmatch(t->patterns->v[i], name, 0) == 0)
			any = t->fits[i] = true;
	return any;
}

/* False after one line: a test was asked for that is not there. */
static bool all_fit(const struct tally *t)
{
	for (size_t i = 0; i < t->patterns->n; i++) {
		if (t->fits[i])
			continue;
		problem("suite %s has no test '%s'", t->j->suite->name, t->patterns->v[i]);
		return false;
	}
	return true;
}

/* A failure is reported whatever was asked for: a run with one is not good. */
static void add(struct tally *t, const char *name, enum verdict v, unsigned ms, const char *detail)
{
	struct job *j = t->j;

	if (!wanted(t, name) && v != VERDICT_FAIL)
		return;
	results_add(&j->results, j->suite->name, name, v, ms, detail);
	report_result(&j->results.v[j->results.n - 1]);
}

/* "NAME pass detail" */
static void take_verdict(struct tally *t, char *text)
{
	char *save = NULL, *name = strtok_r(text, " ", &save), *word = strtok_r(NULL, " ", &save);
	char *detail = word ? strtok_r(NULL, "", &save) : NULL;
	enum verdict v;

	t->seen++;
	if (!name || !word || !verdict_parse(word, &v))
		add(t, name ? name : "?", VERDICT_FAIL, 0, "a line without a verdict");
	else if (v == VERDICT_SKIP && !detail)
		add(t, name, VERDICT_FAIL, 0, "skipped without a reason");
	else
		add(t, name, v, 0, detail ? detail : "");
}

/* A line of svsm.log: a note, a verdict, the end, or none of ours. */
static void take_line(struct tally *t, char *line)
{
	char *at = strstr(line, MARK);

	if (!at)
		return;
	at += strlen(MARK);
	if (*at == '(')
		return;
	if (strncmp(at, "end ", 4) != 0) {
		take_verdict(t, at);
		return;
	}
	t->ended = true;
	t->said = strtoul(at + 4, NULL, 10);
}

/* The log is read when the machine is gone: then it is complete. */
bool selftest_run(struct job *j, const struct strlist *patterns)
{
	struct tally t = {
		.j = j, .patterns = patterns, .fits = mem_alloc(patterns->n * sizeof(bool) + 1)};
	char *path = str("%s/svsm.log", j->boot_folder), *text, *save = NULL;
	struct control_frame f;
	bool ended_well, known;

	progress_step("running");
	while (session_wait(&j->session, &f) == SESSION_FRAME)
		;
	ended_well = job_boot_end(j);
	text = file_text(path, NULL);
	for (char *line = text ? strtok_r(text, "\r\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\r\n", &save))
		take_line(&t, line);
	if (!t.ended)
		add(&t, "end", VERDICT_FAIL, 0, "svsm.log has no 'selftest: end' line");
	else if (t.said != t.seen)
		add(&t, "end", VERDICT_FAIL, 0,
		    "another number of verdicts than 'selftest: end' says");
	else if (!t.seen)
		add(&t, "end", VERDICT_FAIL, 0, "the suite has no tests");
	if (!ended_well) {
		char *why = job_why(j);

		add(&t, "power-off", VERDICT_FAIL, 0, why);
		free(why);
	}
	/* Of a run that was cut short nobody knows which tests it would have had. */
	known = !t.ended || !ended_well || all_fit(&t);
	free(t.fits);
	free(text);
	free(path);
	return known;
}
