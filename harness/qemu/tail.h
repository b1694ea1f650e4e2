/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A log file that somebody else writes: what is new in it, whole lines to a callback. */
#include "base/types.h"

#define TAIL_LINE 1024 /* longer lines come in pieces */

struct tail {
	char *path;
	int fd; /* -1: not there yet */
	char line[TAIL_LINE];
	size_t n;
	uint64_t first_at, last_at; /* ms, of the first and newest byte; 0: none yet */
	char *last_line;            /* the newest line that is not empty */
	void (*take)(void *ctx, const char *line);
	void *ctx;
};

void tail_open(struct tail *t, const char *path, void (*take)(void *ctx, const char *line),
	       void *ctx);
bool tail_look(struct tail *t);   /* true: there was something new */
void tail_finish(struct tail *t); /* the last, unfinished line too */
void tail_close(struct tail *t);
