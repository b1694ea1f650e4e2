/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The script of a deterministic boot (lib/script/script.h): what the harness would say to the
 * target, written before the target starts. Each is malloc'ed.
 */
#include "harness/core/options.h"
#include "harness/run/suites.h"
#include "harness/session/session.h"
#include "harness/session/talk.h"

/* `keelson run`: the command lines of --exec, or the payload's. payload: NULL, or its line. */
char *host_script_run(const struct options *o, const char *payload);
/* A suite's first boot: the list, then the tests that fit a pattern; no pattern: all of them. */
char *host_script_tests(const struct session_setup *setup, const struct strlist *patterns);
/* A later one: the tests of the list from the n-th on. */
char *host_script_rest(const struct session_setup *setup, const struct talk_list *l, size_t n);
/* The list alone, and the boot alone. */
char *host_script_list(void);
char *host_script_nothing(void);
/* Why this run cannot be a deterministic one (malloc'ed); NULL: it can, or need not. */
char *host_script_refuse(const struct suite *s, const struct options *o);
/* Why it cannot be handed over (malloc'ed); NULL: it can. The target would do without the rest. */
char *host_script_too_long(const char *script);
/* The target would read another pattern than the shell's wildcards: '*' and '?' are all it has. */
bool host_script_can_say(const char *pattern);
