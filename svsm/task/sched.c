/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Runs the tasks of ring 3 in turns, and decides on which CPU. A guest's call comes in by
 * sched_run() (through user/service/service.c), a CPU without a guest by sched_idle() (from
 * boot/cpu_loop.c). Nothing here may hold a lock while a step runs, wait without a bound in a
 * guest's call, or rely on an NMI to arrive.
 */
#include "task/sched.h"
#include "base/x86.h"
#include "mm/alloc.h"
#include "cpu/failstop.h"
#include "cpu/percpu.h"
#include "cpu/trap/hv.h"
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

/* The exchange happens even where the state stays the same: it is the release that makes the
 * caller's work visible to the CPU that runs the task next. */
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

/* The end of a turn. The task waits if its step said so and nobody has woken it during the turn;
 * otherwise it is ready again, in this CPU's queue. */
static void end_turn(struct sched_task *t, enum sched_step then)
{
	enum task_state s = TASK_RUNS;

	if (then == STEP_WAITS && __atomic_compare_exchange_n(&t->state, &s, TASK_WAITS, false,
							      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	__atomic_exchange_n(&t->state, TASK_READY, __ATOMIC_ACQ_REL);
	queue_push(t);
}

/* What this CPU can run on behalf of t: t itself when it is ready, or, while t waits, the first
 * task of this CPU's queue. NULL: nothing to run here, because another CPU runs t or the queue is
 * empty. */
static struct sched_task *take(struct sched_task *t)
{
	if (task_runs(t))
		return NULL;
	if (queue_take(t))
		return t;
	return task_state(t) == TASK_WAITS ? queue_take_mine() : NULL;
}

/*
 * One turn of a task that this CPU has taken, until its step waits or the TSC reaches `until`. An
 * interrupt before that (an older deadline, or one that the hypervisor made up) does not end the
 * turn. If it did, each new turn would set a new deadline, and two deadlines could interrupt each
 * other for ever.
 */
static void turn(struct sched_task *t, uint64_t until)
{
	enum sched_step then;

	timer_arm(until);
	do
		then = t->step(t->arg);
	while (then == STEP_MORE && timer_now() < until);
	end_turn(t, then);
}

/* ---- CPUs without a guest ---- */

static bool has_guest(const struct cpu *c)
{
	return READ_ONCE(c->guest.vmsa.v) != GPA_NONE.v;
}

#define LOST_NS SCHED_TURN_NS /* an NMI that has not woken its CPU by then is sent again */

/* Its CPU was sent an NMI long ago and has not come: the hypervisor refused or lost it. */
static bool lost(uint64_t woken, uint64_t now)
{
	return woken && (int64_t)(now - woken) > (int64_t)timer_ticks(LOST_NS);
}

/* Only one of those who try it succeeds, and has to send the NMI. */
static bool claim_sleeper(struct cpu *c, uint64_t now)
{
	uint64_t woken = __atomic_load_n(&c->woken, __ATOMIC_RELAXED);

	if (__atomic_exchange_n(&c->idle, false, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(&c->woken, now | 1, __ATOMIC_RELAXED);
		return true;
	}
	return lost(woken, now) && __atomic_compare_exchange_n(&c->woken, &woken, now | 1, false,
							       __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* A CPU that sleeps and has no guest; a service CPU is preferred. The guest may start a vCPU on
 * that CPU at any moment. Then the NMI waits until VMPL0 runs there, and the task stays in its
 * queue. */
static struct cpu *sleeper(uint64_t now)
{
	struct cpu *found = NULL;

	for (unsigned i = 0; i < percpu_count(); i++) {
		struct cpu *c = percpu_get(i);

		if (c == percpu_this() ||
		    (!__atomic_load_n(&c->idle, __ATOMIC_RELAXED) &&
		     !lost(__atomic_load_n(&c->woken, __ATOMIC_RELAXED), now)))
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

/*
 * `spare` is set while a CPU sleeps in sched_idle() or runs a turn from there: it looks at the
 * queues once more before it sleeps. It is clear after a wake-up that the CPU has not followed yet
 * (the NMI may be lost). A CPU whose guest was deleted while it ran has it clear, too: it stays in
 * RUN_VMPL for as long as the hypervisor likes.
 */
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
 * Wakes one CPU without a guest if any task is ready. The counterpart of sched_idle(): that raises
 * `idle` and then looks at the queues, this fills a queue and then looks at `idle`. With the
 * fences in between, at least one of the two sees the other, so no ready task is left while a CPU
 * goes to sleep.
 */
void sched_hand_over(void)
{
	if (!queue_all_empty())
		sched_wake_spare();
}

void sched_wake_spare(void)
{
	uint64_t now = timer_now();
	struct cpu *c;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while ((c = sleeper(now))) {
		if (!claim_sleeper(c, now))
			continue;
		set_spare(c, false); /* until sched_idle() runs there again */
		wake_cpu(c);
		return;
	}
}

/* The same counterpart. A hypervisor ends a HLT of this CPU when it is handed the guest's VMSA, but
 * one that this CPU has not come to yet it cannot end. */
void sched_guest(struct cpu *c)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&c->idle, false, __ATOMIC_SEQ_CST))
		wake_cpu(c);
}

/* wake_ready() comes first: an NMI that is sent later is not counted in `seen`, so it ends the
 * sleep. After a turn the function returns, so that cpu_loop() can look for a guest of its own. */
void sched_idle(void)
{
	struct cpu *me = percpu_this();
	uint32_t seen = wake_ready();
	struct sched_task *t;

	__atomic_store_n(&me->woken, 0, __ATOMIC_RELAXED); /* it has come */
	set_spare(me, true); /* from now on, whoever clears it sends an NMI that is not in `seen` */
	__atomic_store_n(&me->idle, true, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	t = queue_take_any();
	if (!t && !has_guest(me))
		wake_sleep(seen);
	__atomic_store_n(&me->idle, false, __ATOMIC_SEQ_CST);
	if (t)
		turn(t, timer_now() + timer_ticks(SCHED_TURN_NS));
	if (!has_guest(me))
		return;
	set_spare(me, false); /* its guest needs this CPU; what is ready goes to another */
	sched_hand_over();
}

/* ---- lending ---- */

/* The share of this CPU's guest begins with its last slice's end, or after a task's turn. */
struct share {
	uint64_t until; /* TSC; 0: no task has ever waited here */
};
static PERCPU struct share share;

static void begin_share(void)
{
	percpu_mine(&share)->until = (timer_now() + timer_ticks(SCHED_GUEST_NS)) | 1;
}

static bool is_done(const bool *done)
{
	return __atomic_load_n(done, __ATOMIC_ACQUIRE);
}

/*
 * Gives this CPU to t for `slice` TSC ticks or until *done, in turns of SCHED_TURN_NS at most.
 * When there is nothing to run here (t runs on another CPU, or waits with this CPU's queue empty),
 * `wait` decides: poll *done for the rest of the slice, or return at once. The caller's guest
 * stands still meanwhile.
 */
static enum sched_end lend(struct sched_task *t, const bool *done, uint64_t slice, bool wait)
{
	uint64_t start = timer_now(), now = start, most = timer_ticks(SCHED_TURN_NS);

	for (; now - start < slice; now = timer_now()) {
		struct sched_task *mine;

		failstop_check(); /* the CPU that is waited for may have panicked */
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

	sched_hand_over();
	begin_share();
	return end;
}

/* ---- sharing ---- */

/* What is ready is another CPU's business: that has no guest, and it takes work or was woken for it
 * a moment ago. */
static bool helped(uint64_t now)
{
	for (unsigned i = 0; i < percpu_count(); i++) {
		const struct cpu *c = percpu_get(i);
		uint64_t woken = __atomic_load_n(&c->woken, __ATOMIC_RELAXED);

		if (c != percpu_this() && !has_guest(c) &&
		    (__atomic_load_n(&c->spare, __ATOMIC_RELAXED) || (woken && !lost(woken, now))))
			return true;
	}
	return false;
}

static void share_turn(uint64_t now)
{
	struct sched_task *t = queue_take_any();

	if (t)
		turn(t, now + timer_ticks(SCHED_SHARE_NS));
	begin_share();
}

/*
 * What has come so far is taken last, so that the timer's interrupt is news to the hypervisor.
 * Where the guest's interrupts are ours that was done before they were looked at, and once more
 * would hide what came since: apic/guest_apic_run.c.
 */
static void take_events(void)
{
	if (!__atomic_load_n(&percpu_this()->guest.apic, __ATOMIC_RELAXED) && hv_take_before_run())
		timer_expired();
}

bool sched_share(void)
{
	const struct share *s = percpu_mine(&share);
	uint64_t now = timer_now();

	if (!hv_used || helped(now))
		return false;
	if (!s->until)
		begin_share();
	else if ((int64_t)(s->until - now) <= 0)
		share_turn(now);
	if (!sched_waiting())
		return false;
	take_events();
	timer_arm(s->until);
	return true;
}
