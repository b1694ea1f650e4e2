/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The queues of ready tasks, one per CPU. task/sched.c is the only caller. The queue's lock orders
 * whoever puts in and takes out; the ticket of each queue's first task can be read without it, so
 * that an idle CPU finds the longest waiting task without touching every lock.
 */
#include "task/sched_queue.h"
#include "lib/lock.h"
#include "cpu/percpu.h"

static PERCPU struct sched_queue queue;
uint32_t tasks_ready;

enum task_state task_state(const struct sched_task *t)
{
	return __atomic_load_n(&t->state, __ATOMIC_RELAXED);
}

bool task_runs(const struct sched_task *t)
{
	return task_state(t) >= TASK_RUNS;
}

static uint64_t oldest(const struct sched_queue *q)
{
	return __atomic_load_n(&q->oldest, __ATOMIC_RELAXED);
}

/* To be called after every change of q, with its lock held. */
static void note_oldest(struct sched_queue *q)
{
	__atomic_store_n(&q->oldest, q->first ? q->first->ticket : 0, __ATOMIC_RELAXED);
}

/* Tickets are drawn under the lock, so they rise along a queue. They never wrap: 64 bits. */
void queue_push(struct sched_task *t)
{
	static uint64_t tickets;
	struct sched_queue *q = percpu_mine(&queue);

	lock_take(LOCK_SCHED, &q->lock);
	t->ticket = __atomic_add_fetch(&tickets, 1, __ATOMIC_RELAXED);
	t->next = NULL;
	*(q->first ? &q->last->next : &q->first) = t;
	q->last = t;
	__atomic_store_n(&t->queue, q, __ATOMIC_RELAXED);
	note_oldest(q);
	__atomic_fetch_add(&tasks_ready, 1, __ATOMIC_RELAXED);
	lock_give(LOCK_SCHED, &q->lock);
}

/* Unlinks t and makes it this CPU's to run. The exchange is an acquire: it pairs with the release
 * of sched_wake() or end_turn(). q's lock held. */
static void take_out(struct sched_queue *q, struct sched_task *t)
{
	struct sched_task **at = &q->first, *before = NULL;

	for (; *at != t; at = &before->next)
		before = *at;
	*at = t->next;
	if (q->last == t)
		q->last = before;
	note_oldest(q);
	__atomic_fetch_sub(&tasks_ready, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&t->queue, NULL, __ATOMIC_RELAXED);
	__atomic_exchange_n(&t->state, TASK_RUNS, __ATOMIC_ACQ_REL);
}

static struct sched_task *take_first(struct sched_queue *q)
{
	struct sched_task *t;

	lock_take(LOCK_SCHED, &q->lock);
	t = q->first;
	if (t)
		take_out(q, t);
	lock_give(LOCK_SCHED, &q->lock);
	return t;
}

struct sched_task *queue_take_mine(void)
{
	return take_first(percpu_mine(&queue));
}

/* t->queue is read without the lock, so the task may have moved meanwhile: it is looked at again
 * inside. */
bool queue_take(struct sched_task *t)
{
	struct sched_queue *q = __atomic_load_n(&t->queue, __ATOMIC_RELAXED);
	bool there;

	if (!q)
		return false;
	lock_take(LOCK_SCHED, &q->lock);
	there = t->queue == q;
	if (there)
		take_out(q, t);
	lock_give(LOCK_SCHED, &q->lock);
	return there;
}

/* The queue whose first task is ready for longest; NULL: all are empty. A hint, because no lock is
 * held. */
static struct sched_queue *oldest_queue(void)
{
	struct sched_queue *found = NULL;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < percpu_count(); i++) {
		struct sched_queue *q = percpu_of(percpu_get(i), &queue);
		uint64_t ticket = oldest(q);

		if (ticket && ticket < least) {
			least = ticket;
			found = q;
		}
	}
	return found;
}

bool queue_all_empty(void)
{
	return !oldest_queue();
}

/* Strictly by age, not this CPU's queue first. Otherwise a task that always wants to go on here
 * would keep those waiting for ever that stand in the queue of a CPU with a guest. Repeats when
 * another CPU was quicker. */
struct sched_task *queue_take_any(void)
{
	struct sched_task *t = NULL;
	struct sched_queue *q;

	while (!t && (q = oldest_queue()))
		t = take_first(q);
	return t;
}
