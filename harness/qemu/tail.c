/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Follows a log that QEMU writes. The file is read again and again from where the last look
 * ended: the harness needs each line once, a tick of its event loop late at most, and must not
 * keep the writer waiting.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/qemu/tail.h"
#include "harness/core/util.h"

void tail_open(struct tail *t, const char *path, void (*take)(void *ctx, const char *line),
	       void *ctx)
{
	*t = (struct tail){.path = str_dup(path), .fd = -1, .take = take, .ctx = ctx};
}

/* Hands a line over. Empty ones are dropped, so that last_line always says something. */
static void end_line(struct tail *t)
{
	t->line[t->n] = 0;
	if (t->n) {
		free(t->last_line);
		t->last_line = str_dup(t->line);
		t->take(t->ctx, t->line);
	}
	t->n = 0;
}

/*
 * A line that is too long is handed over in pieces. Carriage returns and NULs of a serial
 * console are dropped.
 */
static void feed(struct tail *t, char c)
{
	if (c == '\n') {
		end_line(t);
		return;
	}
	if (t->n == TAIL_LINE - 1)
		end_line(t);
	if (c != '\r' && c)
		t->line[t->n++] = c;
}

/* The file may not be there yet: QEMU makes it when it starts. */
bool tail_look(struct tail *t)
{
	char buf[4096];
	bool any = false;
	ssize_t n;

	if (t->fd < 0)
		t->fd = open(t->path, O_RDONLY | O_CLOEXEC);
	while (t->fd >= 0 && (n = read(t->fd, buf, sizeof(buf))) > 0) {
		t->last_at = now_ms();
		if (!t->first_at)
			t->first_at = t->last_at;
		for (ssize_t i = 0; i < n; i++)
			feed(t, buf[i]);
		any = true;
	}
	return any;
}

/* A machine that died may have left a line without its end; it is often the one that matters. */
void tail_finish(struct tail *t)
{
	tail_look(t);
	end_line(t);
}

void tail_close(struct tail *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->path);
	free(t->last_line);
	*t = (struct tail){.fd = -1};
}
