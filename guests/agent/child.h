/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A program that the agent runs: stdin is /dev/null, its output and the lines of its report channel
 * (descriptor 3, both ways) go to hooks. When it is over nothing that it started runs any more.
 */
#include "base/types.h"

#define CHILD_LINE_MAX 1000u /* bytes of a line on the report channel */

struct child;

struct child_hooks {
	/* Bytes of stdout (1) or stderr (2). */
	void (*output)(void *ctx, int stream, const char *bytes, size_t n);
	/* One line of the report channel, without its end. The hook may change it. */
	void (*line)(void *ctx, struct child *c, char *line);
};

enum child_end {
	CHILD_ENDED,  /* status is waitpid()'s */
	CHILD_SILENT, /* not a byte for the limit's seconds: killed */
	CHILD_LINE,   /* a line longer than CHILD_LINE_MAX: killed */
	CHILD_ASKED,  /* the agent was asked to end (agent_asked()): killed; no caller sees it */
};

struct child {
	const struct child_hooks *hooks;
	void *ctx;
	unsigned limit; /* seconds of silence, 0: any; a hook may change it */
	int status;
	int pid, pidfd, out, err, report;
	bool ended;
	unsigned silent_ms; /* that counted: see child.c */
	char line[CHILD_LINE_MAX + 1];
	size_t have;
};

/* c: hooks, ctx and limit are the caller's. Runs argv to its end. Does not return when poweroff or
 * reboot was asked for meanwhile: the hooks get what was said before, and then the guest ends. */
enum child_end child_run(struct child *c, const char *const argv[]);
/* A line to the program, on the report channel. */
void child_answer(struct child *c, const char *text);
