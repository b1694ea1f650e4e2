/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* QEMU's monitor protocol over a connected socket: the few things the harness asks. */
#include "base/types.h"

struct qmp {
	int fd; /* -1: none */
	char *buf;
	size_t have;
	bool reset_seen; /* a SHUTDOWN event said "guest-reset" */
};

void qmp_open(struct qmp *q, int fd);
void qmp_close(struct qmp *q);
/* Reads what has come, notes events; never waits. */
void qmp_look(struct qmp *q);
/* A human monitor command's text (malloc'ed), or NULL when no answer came within ms. */
char *qmp_human(struct qmp *q, const char *command, unsigned ms);
/* Stops the vCPUs; false when QEMU does not answer within ms. */
bool qmp_stop(struct qmp *q, unsigned ms);
