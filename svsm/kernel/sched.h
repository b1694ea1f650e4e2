/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Who runs ring 3 when. One queue of ready tasks a CPU, FIFO, each turn at most SCHED_TURN_NS long.
 * A CPU runs tasks in two places:
 *
 *   - in a guest's call: sched_run() lends this CPU for a bounded slice, then the guest goes on;
 *   - when it has no guest (a service CPU, or a vCPU that is offline): its idle loop runs what is
 *     ready anywhere, for as long as it takes.
 *
 * A task whose caller's slice is over goes to a CPU without a guest when there is one, which is
 * woken by an NMI (kernel/wake.h); else it stays in its caller's queue until somebody lends a CPU
 * again. Any CPU may take a ready task from another's queue.
 *
 * Locks: one a queue, LOCK_SCHED, never two of them.
 */
#include "base/types.h"

struct process;
struct sched_task;

#define SCHED_TURN_NS 10000000ull

enum sched_end {
	SCHED_DONE,      /* *done became true */
	SCHED_SLICE,     /* the slice is over; the task is ready, parked or handed to an idle CPU */
	SCHED_ELSEWHERE, /* another CPU runs it now and the slice is over */
};

/* A task runs `step` on some CPU again and again: one turn of ring 3, until it says that it waits.
 */
enum sched_step {
	STEP_MORE,  /* preempted: it wants to go on */
	STEP_WAITS, /* nothing to do until sched_wake */
};
struct sched_task *sched_task_new(const char *name, enum sched_step (*step)(void *), void *arg);

/* There is work for t: put it into this CPU's queue unless it is ready or running already. */
void sched_wake(struct sched_task *t);

/*
 * Lend this CPU until *done or for slice_ns. With wait, spend the slice even when t runs on another
 * CPU (polling *done); without, come back at once with SCHED_ELSEWHERE.
 */
enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait);

/* The idle loop of a CPU without a guest: runs what is ready, sleeps when nothing is. Returns when
 * this CPU may have got a guest. */
void sched_idle(void);
/* A CPU other than this one has no guest and could take work. */
bool sched_has_idle_cpu(void);
