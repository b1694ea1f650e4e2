/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a process has done so far, all its threads together (proc(5), the kernel's sched-stats.rst).
 */
#include <sys/types.h>

#include "base/types.h"

struct effort {
	uint64_t cpu_ms;    /* user and system time */
	uint64_t waited_ms; /* ready to run, while others had the CPUs; 0 where the kernel keeps
			       none */
	uint64_t turns;     /* times that a thread of it got a CPU */
	bool ready;         /* a thread runs or waits for a CPU just now */
	bool stopped;       /* by a signal (SIGSTOP, Ctrl-Z) or a debugger: it cannot do anything */
};

/* All zero when the process is gone. */
struct effort effort_of(pid_t pid);
