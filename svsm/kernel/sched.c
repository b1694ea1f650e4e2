/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "kernel/sched.h"
#include "base/x86.h"
#include "kernel/alloc.h"
#include "kernel/lock.h"
#include "kernel/percpu.h"
#include "kernel/timer.h"
#include "kernel/wake.h"

struct sched_task {
	const char *name;
	enum sched_step (*step)(void *);
	void *arg;
	struct sched_task *next; /* in the queue */
	enum task_state {
		TASK_WAITS,
		TASK_READY,
		TASK_RUNS
	} state;    /* written with the lock, atomically: pollers look without */
	bool again; /* woken while it ran */
};

static struct spinlock lock; /* lock.h: LOCK_SCHED */
static struct sched_task *first, **last = &first;

/* ---- the queue; lock held ---- */

static void set_state(struct sched_task *t, enum task_state s)
{
	__atomic_store_n(&t->state, s, __ATOMIC_RELAXED);
}

static void push(struct sched_task *t)
{
	set_state(t, TASK_READY);
	t->again = false;
	t->next = NULL;
	__atomic_store_n(last, t, __ATOMIC_RELAXED);
	last = &t->next;
}

static void take_out(struct sched_task **at)
{
	struct sched_task *t = *at;

	__atomic_store_n(at, t->next, __ATOMIC_RELAXED);
	if (last == &t->next)
		last = at;
	set_state(t, TASK_RUNS);
}

static void take_out_of_queue(struct sched_task *t)
{
	struct sched_task **at = &first;

	while (*at != t)
		at = &(*at)->next;
	take_out(at);
}

/* ---- tasks ---- */

struct sched_task *sched_task_new(const char *name, enum sched_step (*step)(void *), void *arg)
{
	struct sched_task *t = alloc(sizeof(*t));

	if (t)
		*t = (struct sched_task){.name = name, .step = step, .arg = arg};
	return t;
}

void sched_wake(struct sched_task *t)
{
	spin_lock(&lock);
	if (t->state == TASK_RUNS)
		t->again = true;
	else if (t->state == TASK_WAITS)
		push(t);
	spin_unlock(&lock);
}

/* The task that waits longest, now this CPU's. */
static struct sched_task *take_first(void)
{
	struct sched_task *t;

	spin_lock(&lock);
	t = first;
	if (t)
		take_out(&first);
	spin_unlock(&lock);
	return t;
}

/* Without the lock: who polls must not stand in the way of the CPU that is to end its turn. */
static bool runs(const struct sched_task *t)
{
	return __atomic_load_n(&t->state, __ATOMIC_RELAXED) == TASK_RUNS;
}

/* t if it is ready, else, while it waits, another. NULL: nothing to do here. */
static struct sched_task *take(struct sched_task *t)
{
	struct sched_task *taken = NULL;

	if (runs(t))
		return NULL;
	spin_lock(&lock);
	if (t->state == TASK_READY)
		taken = t;
	else if (t->state == TASK_WAITS)
		taken = first;
	if (taken)
		take_out_of_queue(taken);
	spin_unlock(&lock);
	return taken;
}

/* An interrupt before its time (the end of an earlier slice, or the hypervisor's idea) does not end
 * the turn: with a new end each time, two deadlines would chase each other for ever. */
static void turn(struct sched_task *t, uint64_t until)
{
	enum sched_step then;

	timer_arm(until);
	do
		then = t->step(t->arg);
	while (then == STEP_MORE && timer_now() < until);
	spin_lock(&lock);
	if (then == STEP_MORE || t->again)
		push(t);
	else
		set_state(t, TASK_WAITS);
	spin_unlock(&lock);
}

/* ---- CPUs without a guest ---- */

/* A service CPU before any other. The guest may get its vCPU at any time: then the NMI waits. */
static struct cpu *sleeper(void)
{
	struct cpu *found = NULL;

	for (unsigned i = 0; i < percpu_count(); i++) {
		struct cpu *c = percpu_get(i);

		if (c == percpu_this() || !__atomic_load_n(&c->idle, __ATOMIC_RELAXED))
			continue;
		if (c->service)
			return c;
		if (READ_ONCE(c->guest.vmsa.v) == GPA_NONE.v)
			found = c;
	}
	return found;
}

bool sched_has_idle_cpu(void)
{
	return sleeper() != NULL;
}

/*
 * The other half of sched_idle's protocol: there the flag goes up before the queue is looked at,
 * here the queue is filled before the flag is. One of the two sees the other.
 */
static void hand_over(void)
{
	struct cpu *c;

	if (!__atomic_load_n(&first, __ATOMIC_RELAXED))
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while ((c = sleeper())) {
		if (!__atomic_exchange_n(&c->idle, false, __ATOMIC_SEQ_CST))
			continue;
		wake_cpu(c);
		return;
	}
}

void sched_idle(void)
{
	struct cpu *me = percpu_this();
	uint32_t seen = wake_ready();
	struct sched_task *t;

	__atomic_store_n(&me->idle, true, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	t = take_first();
	if (!t)
		wake_sleep(seen);
	__atomic_store_n(&me->idle, false, __ATOMIC_SEQ_CST);
	if (t)
		turn(t, timer_now() + timer_ticks(SCHED_TURN_NS));
}

/* ---- lending ---- */

static bool is_done(const bool *done)
{
	return __atomic_load_n(done, __ATOMIC_ACQUIRE);
}

static enum sched_end lend(struct sched_task *t, const bool *done, uint64_t slice, bool wait)
{
	uint64_t start = timer_now(), now = start, most = timer_ticks(SCHED_TURN_NS);

	for (; now - start < slice; now = timer_now()) {
		struct sched_task *mine;

		if (is_done(done))
			return SCHED_DONE;
		mine = take(t);
		if (mine)
			turn(mine, now + MIN(most, slice - (now - start)));
		else if (!wait)
			break;
		else
			cpu_relax();
	}
	return is_done(done) ? SCHED_DONE : runs(t) ? SCHED_ELSEWHERE : SCHED_SLICE;
}

enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait)
{
	enum sched_end end = lend(t, done, timer_ticks(slice_ns), wait);

	hand_over();
	return end;
}
