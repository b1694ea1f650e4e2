/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The conversation with a target (docs/test-control.md), step by step. A step that returns false
 * leaves the session over, with its outcome: a target that breaks the protocol is ended.
 */
#include "harness/report/results.h"
#include "harness/session/captured.h"
#include "harness/session/session.h"

struct talk_test {
	char *name, *shows;
	char *rules; /* ids, split by blanks; empty where the target names none */
};

struct talk_list {
	struct talk_test *v;
	size_t n;
};

struct talk_verdict {
	enum verdict verdict;
	char *detail;
	unsigned ms;
	bool reset; /* the target is gone by a reset that the test announced, and nothing had failed
		     * before: the test goes on when it is run again in the next boot */
};

bool talk_hello(struct session *s); /* waits until the target is ready */
bool talk_tests(struct session *s, struct talk_list *l);
void talk_test_free(struct talk_test *t);
void talk_list_free(struct talk_list *l);
/* Runs one test. *v is filled in any case; false when the target is gone or unusable afterwards. */
bool talk_run(struct session *s, const char *name, struct talk_verdict *v);
/* Runs a command line in the target's shell; its output goes to keep or, without one, to stdout and
 * stderr. False: the session is over, and no exit code is known. */
bool talk_exec(struct session *s, const char *command, struct captured *keep, int *code);
/* BYE, its answer, and the power off; true when all three came. */
bool talk_bye(struct session *s);
