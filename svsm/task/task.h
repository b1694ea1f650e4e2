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

/* How many tasks are ready and run nowhere; atomic. task/sched_queue.c counts them, and a CPU looks
 * here before each run of its guest. */
extern uint32_t tasks_ready;
