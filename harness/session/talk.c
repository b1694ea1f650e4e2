/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The conversation with a target, one function for each step: HELLO, the list, one test, one
 * command line, BYE. A target that says anything else than its turn allows is ended with exit
 * code 4: results from one that breaks the protocol would be worth nothing. Payloads are the
 * target's and may hold anything but NUL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "harness/core/output.h"
#include "harness/core/signals.h"
#include "harness/session/talk.h"

#define TESTS_MOST 10000

/* Ends the target. Always false, so that a step can return it. */
static bool broken(struct session *s, char *reason)
{
	session_fail(s, CODE_GUEST, reason);
	return false;
}

/* Facts and log lines may come before HELLO; the session has dealt with them. */
bool talk_hello(struct session *s)
{
	struct control_frame f;

	if (session_wait(s, &f) == SESSION_OVER)
		return false;
	if (f.type != CONTROL_HELLO)
		return broken(s, str("control port: frame type %u before HELLO", f.type));
	return true;
}

/* False when a test of that name is there: nobody could ask for the second one. */
static bool add_test(struct talk_list *l, struct control_frame *f)
{
	char *field[3];

	control_frame_fields(f->payload, field, 3);
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, field[0]) == 0)
			return false;
	l->v = mem_grow(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = (struct talk_test){str_dup(field[0]), str_dup(field[1]), str_dup(field[2])};
	return true;
}

/*
 * The number at the end must be right, since a frame that was lost in noise is a test that
 * nobody would miss.
 */
bool talk_tests(struct session *s, struct talk_list *l)
{
	struct control_frame f;

	*l = (struct talk_list){0};
	session_send(s, CONTROL_LIST, "");
	while (session_wait(s, &f) == SESSION_FRAME) {
		if (f.type == CONTROL_TEST && l->n < TESTS_MOST) {
			if (add_test(l, &f))
				continue;
			return broken(s,
				      str("control port: test '%.60s' is listed twice", f.payload));
		}
		if (f.type != CONTROL_LIST_END)
			return broken(
				s, str("control port: frame type %u in the list of tests", f.type));
		if (strtoul(f.payload, NULL, 10) == l->n)
			return true;
		return broken(s, str("control port: %zu tests listed, the target counts %.20s",
				     l->n, f.payload));
	}
	return false;
}

void talk_test_free(struct talk_test *t)
{
	free(t->name);
	free(t->shows);
	free(t->rules);
}

void talk_list_free(struct talk_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		talk_test_free(&l->v[i]);
	free(l->v);
	*l = (struct talk_list){0};
}

/* ---- one test ---- */

/* What a running test has said so far. */
struct progress {
	bool started, judged;
	unsigned failures;
	enum verdict verdict;
	char *detail, *first_failure;
};

/*
 * Only the first failure goes into the verdict: it is the one to start with. control.log has
 * all.
 */
static void take_failure(struct progress *p, struct control_frame *f)
{
	char *field[2];

	p->failures++;
	if (p->first_failure)
		return;
	control_frame_fields(f->payload, field, 2);
	p->first_failure = str("%s: %s", field[0], field[1]);
}

/* NULL, or what is wrong with the frame (malloc'ed). */
static char *take_verdict(struct progress *p, struct control_frame *f, const char *name)
{
	char *field[3];

	control_frame_fields(f->payload, field, 3);
	if (strcmp(field[0], name) != 0)
		return str("verdict on another test: '%.60s'", field[0]);
	if (p->judged)
		return str("a second verdict");
	if (!verdict_parse(field[1], &p->verdict))
		return str("unknown verdict '%.20s'", field[1]);
	p->judged = true;
	p->detail = str_dup(field[2]);
	return NULL;
}

/* NULL: go on. done is set by END. */
static char *take(struct progress *p, struct control_frame *f, const char *name, bool *done)
{
	switch (f->type) {
	case CONTROL_START:
		if (p->started || strcmp(f->payload, name) != 0)
			return str("START of '%.60s'", f->payload);
		p->started = true;
		return NULL;
	case CONTROL_FAILURE:
		take_failure(p, f);
		return NULL;
	case CONTROL_VERDICT:
		return take_verdict(p, f, name);
	case CONTROL_END:
		*done = true;
		return strcmp(f->payload, name) ? str("END of '%.60s'", f->payload) : NULL;
	case CONTROL_HELLO:
		return str("the target started over");
	default:
		return str("unexpected frame type %u", f->type);
	}
}

/* Whatever the target claimed, it has failed. detail is taken over. */
static void fail(struct talk_verdict *v, char *detail)
{
	v->verdict = VERDICT_FAIL;
	free(v->detail);
	v->detail = detail;
}

/*
 * Passed means: started, said so, said it had finished, and no check failed. A test that announced
 * the machine's end must not get this far.
 */
static void weigh(const struct progress *p, bool end_announced, struct talk_verdict *v)
{
	v->verdict = p->verdict;
	v->detail = str_dup(p->detail ? p->detail : "");
	if (!p->started)
		fail(v, str("it never said START"));
	else if (!p->judged)
		fail(v, str("END without a verdict"));
	else if (p->failures && p->verdict == VERDICT_PASS)
		fail(v, str("'pass' although %u checks failed; first: %s", p->failures,
			    p->first_failure));
	else if (p->failures)
		fail(v, p->failures == 1 ? str_dup(p->first_failure)
					 : str("%u checks failed; first: %s", p->failures,
					       p->first_failure));
	else if (p->verdict == VERDICT_SKIP && !*v->detail)
		fail(v, str("skipped without a reason"));
	else if (end_announced)
		fail(v, str("it announced an end of the machine, which did not come"));
}

/* Why the target is gone (malloc'ed), and what had gone wrong before, which may be the cause. */
static char *cut_short(const struct session *s, const struct progress *p)
{
	return str("%s: %s%s%s", exitcode_name(s->outcome.code), s->outcome.reason,
		   p->first_failure ? "; before that: " : "",
		   p->first_failure ? p->first_failure : "");
}

/* The target is gone. That is right for a test that announced it, and had nothing to complain of.
 */
static void weigh_end(const struct session *s, const struct progress *p, struct talk_verdict *v)
{
	if (s->was_ended && p->started && !p->judged && !p->failures)
		*v = (struct talk_verdict){VERDICT_PASS, str_dup(s->outcome.reason), v->ms, false};
	else
		fail(v, cut_short(s, p));
}

/*
 * RUN, then frames up to END. The flags for announcements hold while the test runs, and are
 * judged before they are cleared. False: the session is over, and whoever goes on needs a new
 * boot.
 */
bool talk_run(struct session *s, const char *name, struct talk_verdict *v)
{
	struct progress p = {0};
	struct control_frame f;
	uint64_t from = now_ms();
	char *wrong = NULL;
	bool done = false;

	*v = (struct talk_verdict){0};
	s->test_runs = true;
	session_send(s, CONTROL_RUN, name);
	while (!done && !wrong && session_wait(s, &f) == SESSION_FRAME)
		wrong = take(&p, &f, name, &done);
	v->ms = (unsigned)(now_ms() - from);
	v->reset = s->was_reset && p.started && !p.judged && !p.failures;
	if (wrong)
		broken(s, str("control port, test %s: %s", name, wrong));
	if (s->over)
		weigh_end(s, &p, v);
	else
		weigh(&p, s->end.texts, v);
	/* Announcements are of this test alone: what comes later is nobody's. */
	s->test_runs = s->reset_announced = false;
	free(s->end.texts);
	s->end.texts = NULL;
	free(wrong);
	free(p.detail);
	free(p.first_failure);
	return !s->over;
}

/* ---- command lines ---- */

/* NULL, or what is wrong with the frame (malloc'ed). */
static char *take_output(struct control_frame *f, struct captured *keep)
{
	unsigned char bytes[CONTROL_MAX];
	char *field[2];
	FILE *to;
	long n;

	control_frame_fields(f->payload, field, 2);
	n = base64_decode(bytes, sizeof(bytes), field[1]);
	to = strcmp(field[0], "1") == 0 ? stdout : strcmp(field[0], "2") == 0 ? stderr : NULL;
	if (n < 0 || !to)
		return str("OUTPUT that is none");
	if (keep) {
		captured_add(keep, to == stdout ? CAPTURED_STDOUT : CAPTURED_STDERR, bytes,
			     (size_t)n);
		return NULL;
	}
	/* After a signal nobody is waited for: the run ends. */
	if (signals_or_room(fileno(to))) {
		fwrite(bytes, 1, (size_t)n, to);
		output_stream(to);
	}
	return NULL;
}

/*
 * Output is passed on as it comes. When the session ends before EXEC_END the command may have
 * been the guest's own poweroff: the caller knows. A crash kernel that says HELLO has ended the
 * command, as it was meant to (`run --kdump`), and takes the next one.
 */
bool talk_exec(struct session *s, const char *command, struct captured *keep, int *code)
{
	struct control_frame f;
	char *wrong = NULL;

	session_send(s, CONTROL_EXEC, command);
	while (!wrong && session_wait(s, &f) == SESSION_FRAME) {
		if (f.type == CONTROL_EXEC_END) {
			*code = (int)(strtoul(f.payload, NULL, 10) & 255);
			return true;
		}
		if (f.type == CONTROL_HELLO && panic_crash_kernel(&s->panic)) {
			*code = 0;
			return true;
		}
		wrong = f.type == CONTROL_OUTPUT ? take_output(&f, keep)
						 : str("frame type %u after EXEC", f.type);
	}
	if (wrong)
		broken(s, str("control port: %s", wrong));
	free(wrong);
	return false;
}

/*
 * The target answers and then powers off. Both must come: an answer alone leaves a machine that
 * hangs, an end alone may be a crash. Its answer is answered: a target whose port loses what is on
 * its way when the machine ends waits for that.
 */
bool talk_bye(struct session *s)
{
	struct control_frame f;
	bool answered = false;

	session_send(s, CONTROL_BYE, "");
	while (session_wait(s, &f) == SESSION_FRAME) {
		if (f.type != CONTROL_BYE_ACK || answered)
			return broken(s, str("control port: frame type %u after BYE", f.type));
		answered = true;
		session_send(s, CONTROL_BYE_ACK, "");
	}
	if (answered || s->outcome.code != CODE_PASSED)
		return s->outcome.code == CODE_PASSED;
	outcome_set(&s->outcome, CODE_GUEST, str("it powered off without answering BYE"));
	return false;
}
