/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Tests that are programs of the guest image: which ones there are, what they offer, and a run of
 * one. serve.c calls it for the harness. A program may say what it likes: it must never end the
 * agent, fill the log without limit, or pass in silence. docs/writing-tests.md has the words of the
 * report channel.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "abi/control.h"
#include "agent/agent.h"
#include "agent/child.h"
#include "agent/external.h"

#define TESTS_FOLDER "/tests"

enum {
	SILENCE = 90,        /* seconds, unless the test says LIMIT */
	LOG_MOST = 64 << 10, /* bytes of a program's output that go to the log */
};

/* ---- which programs ---- */

static char cmdline[4096], *value; /* what is wanted; NULL: not looked for yet */

void external_select(const char *patterns)
{
	snprintf(cmdline, sizeof(cmdline), "%s", patterns);
	value = cmdline;
}

/* What the harness has selected, the value of keelson.tests=, or "own". */
static const char *wanted(void)
{
	char *save = NULL;

	if (value)
		return value;
	value = "own";
	if (agent_read("/proc/cmdline", cmdline, sizeof(cmdline)) > 0)
		for (char *w = strtok_r(cmdline, " ", &save); w; w = strtok_r(NULL, " ", &save))
			if (!strncmp(w, "keelson.tests=", 14))
				value = w + 14;
	return value;
}

/* Does one of the patterns of keelson.tests= match the name? */
static bool is_wanted(const char *name)
{
	char list[256], *save = NULL;

	snprintf(list, sizeof(list), "%s", wanted());
	for (char *p = strtok_r(list, ",", &save); p; p = strtok_r(NULL, ",", &save))
		if (fnmatch(p, name, 0) == 0)
			return true;
	return false;
}

bool external_own_wanted(void)
{
	return is_wanted("own");
}

/* ---- what they offer ---- */

struct offer {
	char program[256 + sizeof(TESTS_FOLDER)];
	char name[64], shows[256];
	char wrong[200]; /* why the program could not be listed; empty: it could */
};

static struct offer *offers;
static unsigned count;
static bool collected;

/* Remembers a test. `wrong` says why it cannot be run; then running it fails with that text. */
static void offer(const char *program, const char *name, const char *shows, const char *wrong)
{
	struct offer *o;

	offers = realloc(offers, (count + 1) * sizeof(*offers));
	if (!offers)
		abort();
	o = &offers[count++];
	snprintf(o->program, sizeof(o->program), "%s", program);
	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->shows, sizeof(o->shows), "%s", shows);
	snprintf(o->wrong, sizeof(o->wrong), "%s", wrong);
}

struct listing {
	char text[16384];
	size_t n;
	bool cut; /* it was longer */
};

/* Output of `PROGRAM --list`. What does not fit is cut, and that is a failure of its own. */
static void list_output(void *ctx, int stream UNUSED, const char *bytes, size_t n)
{
	struct listing *l = ctx;

	l->cut |= n > sizeof(l->text) - 1 - l->n;
	n = MIN(n, sizeof(l->text) - 1 - l->n);
	memcpy(l->text + l->n, bytes, n);
	l->n += n;
	l->text[l->n] = 0;
}

/* A program that only lists its tests has nothing to report. */
static void list_line(void *ctx UNUSED, struct child *c UNUSED, char *line UNUSED)
{
}

/*
 * Asks one program for its tests. A program that cannot list them becomes a test that fails, so
 * that nobody misses it.
 */
static void list_program(const char *path)
{
	static const struct child_hooks hooks = {list_output, list_line};
	const char *const argv[] = {path, "--list", NULL};
	struct listing l = {.n = 0};
	struct child c = {.hooks = &hooks, .ctx = &l, .limit = SILENCE};
	unsigned before = count;
	char *save = NULL;

	if (child_run(&c, argv) != CHILD_ENDED || c.status) {
		offer(path, strrchr(path, '/') + 1, "the program lists its tests",
		      l.n ? l.text : "--list failed without a word");
		return;
	}
	for (char *name = strtok_r(l.text, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(name, '\t');

		if (tab)
			*tab = 0;
		offer(path, name, tab ? tab + 1 : "", tab ? "" : "--list: a line without a tab");
	}
	if (l.cut)
		offer(path, strrchr(path, '/') + 1, "the program lists its tests",
		      "--list: more than the agent takes");
	if (count == before)
		offer(path, strrchr(path, '/') + 1, "the program lists its tests",
		      "--list: no tests");
}

/*
 * Asks all programs, once a boot. After a crash the harness boots again and runs tests without
 * listing them first, so external_run() collects as well.
 */
static void collect(void)
{
	struct dirent **entries;
	int n = collected ? -1 : scandir(TESTS_FOLDER, &entries, NULL, alphasort);

	collected = true;
	for (int i = 0; i < n; i++) {
		char path[sizeof(TESTS_FOLDER) + 256];

		snprintf(path, sizeof(path), TESTS_FOLDER "/%s", entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && is_wanted(entries[i]->d_name))
			list_program(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

unsigned external_list(void)
{
	collect();
	for (unsigned i = 0; i < count; i++)
		agent_send(CONTROL_TEST, "%s\t%s", offers[i].name, offers[i].shows);
	return count;
}

const char *external_name(unsigned i)
{
	collect();
	return i < count ? offers[i].name : NULL;
}

/* ---- one test ---- */

struct running {
	const struct offer *offer;
	char text[512]; /* a line of output that is not complete yet */
	size_t have;
	size_t logged;
	char last[256]; /* the last whole line */
};

/*
 * Ends a line of output. It goes to the log up to LOG_MOST bytes a test, and its text is kept for
 * the verdict of a test that dies.
 */
static void log_line(struct running *r)
{
	r->text[r->have] = 0;
	r->have = 0;
	if (*r->text)
		snprintf(r->last, sizeof(r->last), "%.255s", r->text);
	r->logged += strlen(r->text);
	if (r->logged <= LOG_MOST)
		agent_log("%s", r->text);
}

/*
 * stdout and stderr of a test go to the log, line by line. A line that is too long is cut into
 * several.
 */
static void run_output(void *ctx, int stream UNUSED, const char *bytes, size_t n)
{
	struct running *r = ctx;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n')
			r->text[r->have++] = bytes[i] ? bytes[i] : '?';
		if (bytes[i] == '\n' || r->have == sizeof(r->text) - 1)
			log_line(r);
	}
}

/* The rest of a line that starts with the word, or NULL. */
static char *after(char *line, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(line, word, n) && line[n] == ' ' ? line + n + 1 : NULL;
}

/* Splits at the first blank: the rest, "" where there is none. */
static char *rest(char *text)
{
	char *blank = strchr(text, ' ');

	if (!blank)
		return text + strlen(text);
	*blank = 0;
	return blank + 1;
}

/* HOST: the test asks the harness for something, and gets its answer. */
static void ask_host(struct child *c, const char *request)
{
	char answer[CONTROL_MAX];

	agent_host(request, answer, sizeof(answer));
	child_answer(c, answer);
}

/* FILE name path: the test has a file for the run's folder on the host. */
static void put_file(struct child *c, char *name)
{
	char answer[CONTROL_MAX];

	host_file(name, rest(name), answer, sizeof(answer));
	child_answer(c, answer);
}

/*
 * One line of a test's report channel. A word that is not known is a failure: it could have been
 * one.
 */
static void run_line(void *ctx, struct child *c, char *line)
{
	struct running *r = ctx;
	char *p, *more;

	if ((p = after(line, "FAIL"))) {
		more = rest(p);
		agent_fail(p, "%s", more);
	} else if ((p = after(line, "INFO"))) {
		more = rest(p);
		agent_info(p, "%s", more);
	} else if ((p = after(line, "SKIP"))) {
		agent_skip("%s", p);
	} else if ((p = after(line, "LOG"))) {
		agent_log("%s", p);
	} else if ((p = after(line, "LIMIT"))) {
		c->limit = (unsigned)strtoul(p, NULL, 10);
	} else if ((p = after(line, "HOST"))) {
		ask_host(c, p);
	} else if ((p = after(line, "FILE"))) {
		put_file(c, p);
	} else {
		agent_fail(r->offer->program, "it reported \"%.100s\", which means nothing", line);
	}
}

/*
 * What the program's end adds to what it has reported: a test that dies or hangs has failed,
 * whatever it said before. An exit code counts only when no failure was reported.
 */
static void judge(const struct running *r, const struct child *c, enum child_end end)
{
	const char *by = r->offer->program;

	if (end == CHILD_SILENT)
		agent_fail(by, "it hangs: no word for %u s, killed; last: %s", c->limit, r->last);
	else if (end == CHILD_LINE)
		agent_fail(by, "it reported a line of more than %u bytes, killed", CHILD_LINE_MAX);
	else if (WIFSIGNALED(c->status))
		agent_fail(by, "ended by signal %d (%s); last: %s", WTERMSIG(c->status),
			   strsignal(WTERMSIG(c->status)), r->last);
	else if (WEXITSTATUS(c->status) && !agent_failures())
		agent_fail(by, "exit code %d; last: %s", WEXITSTATUS(c->status), r->last);
}

static void run_offer(const struct offer *o)
{
	static const struct child_hooks hooks = {run_output, run_line};
	const char *const argv[] = {o->program, o->name, NULL};
	struct running r = {.offer = o};
	struct child c = {.hooks = &hooks, .ctx = &r, .limit = SILENCE};
	enum child_end end = child_run(&c, argv);

	if (r.have)
		log_line(&r);
	judge(&r, &c, end);
}

bool external_run(const char *name)
{
	collect();
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(offers[i].name, name) != 0)
			continue;
		if (*offers[i].wrong)
			agent_fail(offers[i].program, "%s", offers[i].wrong);
		else
			run_offer(&offers[i]);
		return true;
	}
	return false;
}
