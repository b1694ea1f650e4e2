/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A task: a piece of ring 3's work that some CPU goes on with whenever it is ready (task/sched.h).
 */
#include "base/types.h"

struct sched_task; /* task/sched_queue.h */

/* A task runs `step` on some CPU again and again: one turn of ring 3, until it says that it waits.
 */
enum sched_step {
	STEP_MORE,  /* preempted: it wants to go on, at once when its turn is not over */
	STEP_WAITS, /* nothing to do until sched_wake */
};
