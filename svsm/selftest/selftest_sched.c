/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of time and scheduling: the timer in ring 3, tasks that move to a CPU without a
 * guest, and the NMI that wakes it. They need two CPUs besides this one, one of them a service
 * CPU. No test asserts how long something takes.
 */
#include "base/x86.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "task/sched.h"
#include "selftest/selftest.h"
#include "cpu/timer.h"
#include "cpu/wait.h"
#include "lib/fmt.h"
#include "user/process_run.h"

#define SPIN_PAGES  256
#define SPIN_RESULT 164            /* services/spin */
#define LIMIT       60000000000ull /* ns: nothing here takes as long, on any host */
#define HANDOVERS   10000 /* or what BUSY_MS are enough for, and at least one of each pause: */
#define BUSY_MS     20000
#define PAUSES      64

extern const char service_spin_start[], service_spin_end[];

struct job {
	struct process *p;
	struct sched_task *task;
	bool done, moved;         /* moved: a CPU other than the boot CPU has begun a turn */
	unsigned here, elsewhere; /* turns on the boot CPU and on others */
	unsigned last_cpu;
	enum process_stop stop;
};

static struct process *spinner(void)
{
	return process_create("spin", service_spin_start, service_spin_end - service_spin_start,
			      SPIN_PAGES);
}

/* Counts a turn for the CPU that runs it. */
static void note_cpu(struct job *j)
{
	j->last_cpu = percpu_this()->index;
	if (!j->last_cpu) {
		j->here++;
		return;
	}
	j->elsewhere++;
	__atomic_store_n(&j->moved, true, __ATOMIC_RELEASE);
}

/* The step function: one process_run() per call, so each preemption ends a step. */
static enum sched_step run_job(void *arg)
{
	struct job *j = arg;

	note_cpu(j);
	j->stop = process_run(j->p);
	if (j->stop == PROCESS_PREEMPTED)
		return STEP_MORE;
	__atomic_store_n(&j->done, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

/* Polls without lending this CPU. False: the flag stayed false for LIMIT. */
static bool wait_for(const bool *flag)
{
	struct patience p = svsm_patience(LIMIT / 1000000);

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		if (svsm_patience_over(&p))
			return false;
		else
			cpu_relax();
	return true;
}

/* Waits until the other CPUs are done with the work of the test before, and sleep. False also with
 * fewer than three CPUs. */
static bool others_idle(void)
{
	for (unsigned i = 1; i < percpu_count(); i++)
		if (!wait_for(&percpu_get(i)->idle))
			return false;
	return percpu_count() >= 3;
}

/* What became of the turns of timer_preempts. */
struct turns {
	unsigned preempted, early;
	uint64_t until, user_tsc;
};

/* Runs a process to its end; a turn that is over is followed by the next. */
static enum process_stop run_out(struct process *p, struct turns *n)
{
	enum process_stop stop;

	do {
		if (timer_now() >= n->until)
			timer_arm(n->until = timer_now() + timer_ticks(SCHED_TURN_NS));
		stop = process_run(p);
		n->preempted += stop == PROCESS_PREEMPTED;
		n->early += stop == PROCESS_PREEMPTED && timer_now() < n->until;
	} while (stop == PROCESS_PREEMPTED);
	n->user_tsc += p->user_tsc;
	return stop;
}

/* How many turns a process takes is the host's affair: on a busy one the interrupt comes late, and
 * the process may have ended before. So there are as many processes as it takes. */
SELFTEST(timer_preempts)
{
	const struct timer_cpu *t = timer_this_cpu();
	uint64_t limit = timer_now() + timer_ticks(LIMIT);
	uint32_t fired = t->fired;
	struct turns n = {0};
	unsigned processes = 0;

	SELFTEST_TRUE(timer_works());
	do {
		struct process *p = spinner();

		SELFTEST_TRUE(p);
		SELFTEST_EQ(run_out(p, &n), PROCESS_EXITED);
		SELFTEST_EQ(p->exit_status, SPIN_RESULT);
		process_destroy(p);
		processes++;
	} while (n.preempted < 2 && timer_now() < limit);
	SELFTEST_TRUE(n.preempted >= 2);
	/* Each interrupt ends a turn. One comes too early: the deadline that an earlier test left
	 * armed. By #HV it ends none. */
	SELFTEST_TRUE(n.early + (t->fired - fired - n.preempted) <= 1);
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u turns of %u, %lu ms in ring 3 and back",
		     n.preempted + processes, processes, timer_ns(n.user_tsc) / 1000000);
	return true;
}

/* Slices that end early share one deadline; an earlier one is set at once. */
SELFTEST(timer_is_lazy)
{
	const struct timer_cpu *t = timer_this_cpu();
	uint64_t far = timer_now() + timer_ticks(LIMIT);
	uint32_t sets;

	timer_arm(timer_now());
	timer_interrupt(); /* as if it had fired: now nothing is armed */
	timer_arm(far);
	sets = t->sets;
	for (unsigned i = 1; i <= 100; i++)
		timer_arm(far + i);
	SELFTEST_EQ(t->sets, sets);
	timer_arm(timer_now());
	SELFTEST_EQ(t->sets, sets + 1);
	return true;
}

/* Lends a slice to a new process, which should not end in it. On a busy host the timer's interrupt
 * may come so late that it does: then another one has its turn. SCHED_DONE: all of them did, or
 * there was no memory. */
static enum sched_end lend_slice(struct job *j)
{
	uint64_t limit = timer_now() + timer_ticks(LIMIT);
	enum sched_end r;

	for (;;) {
		j->p = spinner();
		if (!j->p)
			return SCHED_DONE;
		sched_wake(j->task);
		r = sched_run(j->task, &j->done, SCHED_TURN_NS, false);
		if (r != SCHED_DONE || timer_now() >= limit)
			return r;
		process_destroy(j->p);
		*j = (struct job){.task = j->task};
	}
}

/* The caller lends one slice and goes on. The service CPU then finishes the task, and the caller
 * finds it done. */
SELFTEST(sched_collect)
{
	static struct job j;
	unsigned here;

	j.task = sched_task_new(run_job, &j);
	SELFTEST_TRUE(j.task && others_idle());
	SELFTEST_EQ(lend_slice(&j), SCHED_SLICE);
	here = j.here;
	SELFTEST_TRUE(here >= 1);
	SELFTEST_TRUE(wait_for(&j.done));
	SELFTEST_EQ(j.here, here);
	SELFTEST_TRUE(percpu_get(j.last_cpu)->service);
	SELFTEST_EQ(j.stop, PROCESS_EXITED);
	SELFTEST_EQ(j.p->exit_status, SPIN_RESULT);
	SELFTEST_EQ(sched_run(j.task, &j.done, SCHED_TURN_NS, false), SCHED_DONE);
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u turns here, %u on CPU %u", j.here, j.elsewhere,
		     j.last_cpu);
	process_destroy(j.p);
	return true;
}

/* Two tasks at once: the second one goes to the vCPU that has no guest yet. Then this CPU helps
 * both. */
SELFTEST(sched_two_tasks)
{
	static struct job j[2];

	SELFTEST_TRUE(others_idle());
	for (unsigned i = 0; i < 2; i++) {
		j[i].task = sched_task_new(run_job, &j[i]);
		SELFTEST_TRUE(j[i].task);
		SELFTEST_TRUE(lend_slice(&j[i]) != SCHED_DONE);
		SELFTEST_TRUE(wait_for(&j[i].moved));
	}
	for (unsigned i = 0; i < 2; i++) {
		SELFTEST_EQ(sched_run(j[i].task, &j[i].done, LIMIT, true), SCHED_DONE);
		SELFTEST_EQ(j[i].p->exit_status, SPIN_RESULT);
		process_destroy(j[i].p);
	}
	fmt_snprintf(detail, SELFTEST_DETAIL, "turns here and elsewhere: %u and %u, %u and %u",
		     j[0].here, j[0].elsewhere, j[1].here, j[1].elsewhere);
	return true;
}

/* A step that is done only on a CPU that does not lend. It runs no ring 3, so it takes the timer's
 * interrupt itself. */
static enum sched_step hop(void *arg)
{
	struct job *j = arg;

	timer_interrupt();
	note_cpu(j);
	if (!j->last_cpu)
		return STEP_MORE;
	__atomic_store_n(&j->done, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

/* Lends for a turn that is over at once. Returns the ticks until another CPU has done the job; 0:
 * none did. */
static uint64_t hand_over_once(struct job *j, unsigned pause)
{
	uint64_t start = timer_now();

	while (timer_now() - start < pause) /* the other CPU is about to sleep, or asleep */
		cpu_relax();
	j->done = false;
	sched_wake(j->task);
	start = timer_now();
	sched_run(j->task, &j->done, 1000, false);
	return wait_for(&j->done) ? timer_now() - start : 0;
}

SELFTEST(sched_handovers)
{
	static struct job j;
	struct patience busy = svsm_patience(BUSY_MS);
	uint64_t least = ~0ull, most = 0, sum = 0;
	unsigned n = 0;

	j.task = sched_task_new(hop, &j);
	SELFTEST_TRUE(j.task && others_idle() && sched_has_spare_cpu());
	while (n < HANDOVERS && (n < PAUSES || !svsm_patience_over(&busy))) {
		uint64_t took = hand_over_once(&j, n % PAUSES * 512);

		if (!took)
			log_info("selftest: (hand-over %u was lost)", n);
		SELFTEST_TRUE(took);
		least = MIN(least, took);
		most = MAX(most, took);
		sum += took;
		n++;
	}
	SELFTEST_EQ(j.elsewhere, n);
	fmt_snprintf(detail, SELFTEST_DETAIL,
		     "%u, TSC ticks each: %lu at least, %lu mean, %lu at most; %lu kHz", n, least,
		     sum / n, most, timer_khz());
	return true;
}
