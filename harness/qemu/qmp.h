/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* QEMU's monitor protocol over a connected socket: the few things the harness asks. */
#include "base/types.h"

/* How long a QEMU that has greeted and still runs may take to answer (runclock.h): starved ones
 * took seconds. One that ends meanwhile is not waited for, nor is any after a signal. */
#define QMP_PATIENCE_MS 60000u

struct qmp {
	int fd; /* -1: none */
	char *buf;
	size_t have;
	bool greeted;
	bool reset_seen; /* a SHUTDOWN event said "guest-reset" */
	bool panicked; /* GUEST_PANICKED: the guest's kernel told pvpanic, and has no more plans */
	bool crash_loaded; /* GUEST_CRASHLOADED: it panicked, and its crash kernel takes over */
};

void qmp_open(struct qmp *q, int fd);
void qmp_close(struct qmp *q);
/* Reads what has come, notes events; never waits. */
void qmp_look(struct qmp *q);
/* A human monitor command's text (malloc'ed), or NULL when no answer came. */
char *qmp_human(struct qmp *q, const char *command);
/* An NMI for every CPU; false when QEMU does not answer or refuses. */
bool qmp_nmi(struct qmp *q);
/* Stops the vCPUs; false when QEMU does not answer. */
bool qmp_stop(struct qmp *q);
bool qmp_cont(struct qmp *q);
/* "running", "inmigrate", ... (malloc'ed); NULL when no answer came. */
char *qmp_status(struct qmp *q);
/* QEMU writes the machine's state, which must be stopped, into the file: 0 while it does, 1 when it
 * has, -1 when it cannot or does not answer. The second asks how far it is. */
int qmp_save(struct qmp *q, const char *path);
int qmp_saving(struct qmp *q);
