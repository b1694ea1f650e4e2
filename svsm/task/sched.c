/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "task/sched.h"
#include "base/x86.h"
#include "mm/alloc.h"
#include "cpu/percpu.h"
#include "task/sched_queue.h"
#include "cpu/timer.h"
#include "task/wake.h"

/* ---- tasks ---- */

struct sched_task *sched_task_new(enum sched_step (*step)(void *), void *arg)
{
	struct sched_task *t = alloc(sizeof(*t));

	if (t)
		*t = (struct sched_task){.step = step, .arg = arg};
	return t;
}

/* A write in any case, so that who takes the task afterwards sees what the caller has for it. */
void sched_wake(struct sched_task *t)
{
	static const enum task_state woken[] = {[TASK_WAITS] = TASK_READY,
						[TASK_READY] = TASK_READY,
						[TASK_RUNS] = TASK_AGAIN,
						[TASK_AGAIN] = TASK_AGAIN};
	enum task_state s = task_state(t);

	while (!__atomic_compare_exchange_n(&t->state, &s, woken[s], false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED))
		;
	if (s == TASK_WAITS)
		queue_push(t);
}

/* The end of a turn: ready again, or it waits unless it was woken meanwhile. */
static void put_down(struct sched_task *t, enum sched_step then)
{
	enum task_state s = TASK_RUNS;

	if (then == STEP_WAITS && __atomic_compare_exchange_n(&t->state, &s, TASK_WAITS, false,
							      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	__atomic_exchange_n(&t->state, TASK_READY, __ATOMIC_ACQ_REL);
	queue_push(t);
}

/* t if it is ready, else, while it waits, another. NULL: nothing to do here. */
static struct sched_task *take(struct sched_task *t)
{
	if (task_runs(t))
		return NULL;
	if (queue_take(t))
		return t;
	return task_state(t) == TASK_WAITS ? queue_take_mine() : NULL;
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
	put_down(t, then);
}

/* ---- CPUs without a guest ---- */

static bool has_guest(const struct cpu *c)
{
	return READ_ONCE(c->guest.vmsa.v) != GPA_NONE.v;
}

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
		if (!has_guest(c))
			found = c;
	}
	return found;
}

static void set_spare(struct cpu *c, bool spare)
{
	__atomic_store_n(&c->spare, spare, __ATOMIC_RELAXED);
}

/* Asleep or in a turn: one that is just done with the last request takes the next before it sleeps.
 * Not one that was called and has not come (the NMI was lost), nor one whose guest was taken away
 * while it ran: that is in RUN_VMPL, for as long as the hypervisor likes. */
bool sched_has_spare_cpu(void)
{
	for (unsigned i = 0; i < percpu_count(); i++) {
		const struct cpu *c = percpu_get(i);

		if (c != percpu_this() && __atomic_load_n(&c->spare, __ATOMIC_RELAXED) &&
		    !has_guest(c))
			return true;
	}
	return false;
}

/*
 * The other half of sched_idle's protocol: there the flag goes up before the queues are looked at,
 * here a queue is filled before the flag is. One of the two sees the other.
 */
static void hand_over(void)
{
	struct cpu *c;

	if (queue_all_empty())
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while ((c = sleeper())) {
		if (!__atomic_exchange_n(&c->idle, false, __ATOMIC_SEQ_CST))
			continue;
		set_spare(c, false); /* until it comes */
		wake_cpu(c);
		return;
	}
}

void sched_idle(void)
{
	struct cpu *me = percpu_this();
	uint32_t seen = wake_ready();
	struct sched_task *t;

	set_spare(me, true); /* who takes it back from now on sends an NMI that is not in `seen` */
	__atomic_store_n(&me->idle, true, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	t = queue_take_any();
	if (!t)
		wake_sleep(seen);
	__atomic_store_n(&me->idle, false, __ATOMIC_SEQ_CST);
	if (t)
		turn(t, timer_now() + timer_ticks(SCHED_TURN_NS));
	if (!has_guest(me))
		return;
	set_spare(me, false); /* the guest gets this CPU now, and the task another */
	hand_over();
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
	return is_done(done) ? SCHED_DONE : task_runs(t) ? SCHED_ELSEWHERE : SCHED_SLICE;
}

enum sched_end sched_run(struct sched_task *t, const bool *done, uint64_t slice_ns, bool wait)
{
	enum sched_end end = lend(t, done, timer_ticks(slice_ns), wait);

	hand_over();
	return end;
}
