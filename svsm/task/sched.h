/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Who runs ring 3 when. Each CPU has a first-come-first-served queue of the tasks that became
 * ready there. Any CPU may take any of them, so a task's next turn may run anywhere. There are as
 * many tasks as services, a handful. A CPU runs tasks in two places, in turns of at most
 * SCHED_TURN_NS:
 *
 *   - in a guest's call: sched_run() lends this CPU for a bounded slice, then the guest goes on;
 *   - without a guest (a service CPU, or a vCPU not started yet): its idle loop runs what is
 *     ready, for as long as it takes.
 *
 * When a slice ends before its task is done, the task is ready like any other, and a sleeping CPU
 * without a guest is woken for it by an NMI (task/wake.h). If there is none, CPUs with guests share
 * their time (sched_share()), or, where our timer cannot end a guest's run, the task waits until
 * somebody lends a CPU again. When the hypervisor swallows the NMI, the task is not lost: it stays
 * in its queue.
 *
 * State of a task, atomic:
 *
 *	WAITS --sched_wake--> READY --taken by a CPU--> RUNS --STEP_WAITS--> WAITS
 *	                        ^-----STEP_MORE, or woken meanwhile-----'
 *
 * Lock: one per queue (task/sched_queue.h), LOCK_SCHED, held for a few instructions, never two at
 * a time, never while a step runs.
 */
#include "task/task.h"

struct cpu;

#define SCHED_TURN_NS 10000000ull

/* What a CPU's guest and a ready task get of it in turn, while no CPU without a guest takes the
 * task. A guest that the host runs beside others is used to pauses like SCHED_SHARE_NS. */
#define SCHED_GUEST_NS 10000000ull
#define SCHED_SHARE_NS 5000000ull

enum sched_end {
	SCHED_DONE,      /* *done is true */
	SCHED_SLICE,     /* the slice is over, or the task waits although *done is false */
	SCHED_ELSEWHERE, /* another CPU runs the task now (with wait: at the end of the slice) */
};

/* A new task, in state WAITS. NULL: no memory. There is no way to free one. */
struct sched_task *sched_task_new(enum sched_step (*step)(void *), void *arg);

/* There is work for t: it becomes ready now, or at the end of the turn that it is in. No other CPU
 * is woken, because the caller lends its own. */
void sched_wake(struct sched_task *t);

/* Wakes a sleeping CPU without a guest, if there is one, for what is ready. */
void sched_hand_over(void);
/* The same, for what it does before it looks for tasks (boot/cpu_loop.c). */
void sched_wake_spare(void);

/*
 * Lend this CPU for slice_ns or until *done: to t, in whichever queue it is, and while t waits to
 * what is ready in this CPU's own queue. When t runs on another CPU, wait = true spends the rest
 * of the slice polling *done, and wait = false returns SCHED_ELSEWHERE at once. What is ready at
 * the end is handed over to a sleeping CPU without a guest, if there is one. No lock may be held.
 */
enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait);

/* c has got a guest, from now on in c->guest: it does not go to sleep any more, and an NMI ends the
 * sleep that it is in. No lock may be held. */
void sched_guest(struct cpu *c);

/* What a CPU without a guest calls again and again: one turn of what is ready, or sleep. It may
 * return for no reason. The caller then looks whether the CPU has a guest now. */
void sched_idle(void);
/* True when another CPU has no guest and takes ready tasks, at once or after the turn that it
 * runs. */
bool sched_has_spare_cpu(void);

static inline bool sched_waiting(void)
{
	return __atomic_load_n(&tasks_ready, __ATOMIC_RELAXED);
}

/*
 * Before this CPU runs its guest while a task is ready: one turn of the task when the guest has had
 * its share, and the timer is set to the end of the guest's next one. False: run the guest for as
 * long as it likes, because nothing is ready any more, another CPU takes it, or nothing would end
 * the run. True: our timer ends the run, if it has not come before it (cpu/trap/hv.h). Call this
 * again afterwards.
 */
bool sched_share(void);
