/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Who runs ring 3 when. Each CPU has a queue, FIFO, of the tasks that became ready there. Any CPU
 * may take them, so a task's next turn may be anywhere; there are as many as services, a handful. A
 * CPU runs tasks in two places, in turns of at most SCHED_TURN_NS:
 *
 *   - in a guest's call: sched_run() lends this CPU for a bounded slice, then the guest goes on;
 *   - when it has no guest (a service CPU, or a vCPU not started yet): its idle loop runs what is
 *     ready, for as long as it takes.
 *
 * A task whose caller's slice is over is ready like any other. A CPU without a guest that sleeps is
 * woken for it by an NMI (task/wake.h); when there is none, the task waits until somebody lends a
 * CPU again. No task is lost when the hypervisor swallows the NMI: it stays in the queue.
 *
 * State of a task, atomic:
 *
 *	WAITS --sched_wake--> READY --taken by a CPU--> RUNS --STEP_WAITS--> WAITS
 *	                        ^-----STEP_MORE, or woken meanwhile-----'
 *
 * Lock: one a queue (task/sched_queue.h), LOCK_SCHED, held for a few instructions, never two,
 * never while a step runs.
 */
#include "task/task.h"

#define SCHED_TURN_NS 10000000ull

enum sched_end {
	SCHED_DONE,      /* *done became true */
	SCHED_SLICE,     /* the slice is over; the task is ready, or waits though it is not done */
	SCHED_ELSEWHERE, /* another CPU runs it now (and with wait: the slice is over) */
};

/* A task that waits. NULL: no memory. */
struct sched_task *sched_task_new(enum sched_step (*step)(void *), void *arg);

/* There is work for t: it is ready now, or will be when the turn that it is in ends. No CPU is
 * woken: the caller lends its own. */
void sched_wake(struct sched_task *t);

/*
 * Lend this CPU until *done or for slice_ns, to t, in whatever queue it stands, and, while t waits,
 * to what is ready in this CPU's own queue.
 * With wait, spend the slice even when t runs on another CPU (polling *done); without, come back at
 * once with SCHED_ELSEWHERE. Whatever is ready at the end is handed to an idle CPU, if any.
 */
enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait);

/* What a CPU without a guest does, again and again: one turn of what is ready, or sleep. Comes back
 * for any reason or none: the caller looks whether it has got a guest. */
void sched_idle(void);
/* A CPU other than this one has no guest, and comes when it is called: it takes what is ready, at
 * once or after its turn. */
bool sched_has_spare_cpu(void);
