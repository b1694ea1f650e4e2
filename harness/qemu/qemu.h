/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The QEMU process. It has a process group of its own (a terminal's Ctrl-C reaches the harness
 * only) and dies with the harness, however that ends.
 */
#include <sys/types.h>

#include "harness/core/util.h"

struct qemu {
	pid_t pid; /* 0: not started */
	int pidfd; /* readable when it has ended; -1 where the kernel has none */
	bool over;
	int status; /* waitpid()'s, once over */
};

/*
 * Starts argv with output to the file log; the descriptors keep[0..n) stay open in it. False after
 * *why (malloc'ed) says what failed, the exec itself included.
 */
bool qemu_start(struct qemu *q, const struct strlist *argv, const char *log, const int *keep,
		size_t n, char **why);
bool qemu_ended(struct qemu *q); /* never waits */
void qemu_kill(struct qemu *q);  /* and waits for it; nothing when it is over */
