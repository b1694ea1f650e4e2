/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tasks that are ready, for task/sched.c alone: a first-come-first-served queue per CPU. A task is
 * in one queue at most, and only while it is TASK_READY. Any CPU may take it out, which makes it
 * TASK_RUNS: until its turn ends, only that CPU touches it.
 */
#include "lib/spinlock.h"
#include "task/task.h"

/* One per CPU; all zeros: empty. */
struct sched_queue {
	struct spinlock lock;
	struct sched_task *first, *last;
	uint64_t oldest; /* ticket of the first task, 0: empty; also read without the lock */
};

enum task_state {
	TASK_WAITS,
	TASK_READY,
	TASK_RUNS,
	TASK_AGAIN, /* runs, and was woken during this turn */
};

struct sched_task {
	enum sched_step (*step)(void *);
	void *arg;
	enum task_state state; /* atomic */
	/* the queue that it is in, NULL: none. These three change under that queue's lock. */
	struct sched_queue *queue;
	struct sched_task *next;
	uint64_t ticket; /* the smaller, the longer it has been ready */
};

enum task_state task_state(const struct sched_task *t);
/* Takes no lock: a CPU that polls must not hold up the one that ends the task's turn. */
bool task_runs(const struct sched_task *t);

/* Append to this CPU's queue. To be called exactly once for each change to TASK_READY, by whoever
 * made it. */
void queue_push(struct sched_task *t);
/* Take t out of the queue that it is in; false: it is in none. */
bool queue_take(struct sched_task *t);
struct sched_task *queue_take_mine(void); /* the first of this CPU's queue; NULL: empty */
/* The task that has been ready for longest, from any queue; NULL: none. */
struct sched_task *queue_take_any(void);
/* True when no task is ready anywhere. A hint, because no lock is taken. */
bool queue_all_empty(void);
