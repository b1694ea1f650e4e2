/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tasks that are ready, for task/sched.c alone: a queue a CPU, first come first served. A task
 * stands in one queue at most, and then it is TASK_READY. Any CPU may take it out, which makes it
 * TASK_RUNS: from then on it is that CPU's to run until it is put down.
 */
#include "base/spinlock.h"
#include "task/task.h"

/* One a CPU; all zeros: empty. */
struct sched_queue {
	struct spinlock lock;
	struct sched_task *first, *last;
	uint64_t oldest; /* ticket of the first, 0: none; also read without the lock */
};

enum task_state {
	TASK_WAITS,
	TASK_READY,
	TASK_RUNS,
	TASK_AGAIN, /* runs, and was woken meanwhile */
};

struct sched_task {
	enum sched_step (*step)(void *);
	void *arg;
	enum task_state state; /* atomic */
	/* where it stands, NULL: nowhere; changes under that queue's lock, as do these two */
	struct sched_queue *queue;
	struct sched_task *next;
	uint64_t ticket; /* the smaller, the longer ready */
};

enum task_state task_state(const struct sched_task *t);
/* Without a lock: who polls must not stand in the way of the CPU that is to end its turn. */
bool task_runs(const struct sched_task *t);

/* Into this CPU's queue. Whoever made t TASK_READY does it, and nobody else. */
void queue_push(struct sched_task *t);
/* t from wherever it stands; false: in no queue. */
bool queue_take(struct sched_task *t);
struct sched_task *queue_take_mine(void); /* the first of this CPU's; NULL: it is empty */
/* The one that is ready for longest, from whatever queue; NULL: none. */
struct sched_task *queue_take_any(void);
/* No task is ready anywhere. A hint: no lock. */
bool queue_all_empty(void);
