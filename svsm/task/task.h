/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A task: work of ring 3 that some CPU continues whenever the task is ready (task/sched.h). */
#include "base/types.h"

struct sched_task; /* task/sched_queue.h */

/* What a task's step function returns. A CPU calls it again and again within one turn, until it
 * says that it waits. */
enum sched_step {
	STEP_MORE,  /* preempted: call it again, within this turn if that is not over */
	STEP_WAITS, /* nothing to do until sched_wake */
};
