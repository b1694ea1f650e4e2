/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of user mode: processes that are interrupted, take turns and change CPUs, and what
 * that costs. Of services/probe/spins.c, spin-a and spin-b keep patterns in x87 and SSE registers
 * and check them all the time. R13 counts their rounds, and R12 tells them to end.
 */
#include "base/x86.h"
#include "user/usermode.h"
#include "cpu/percpu.h"
#include "task/sched.h"
#include "selftest/selftest.h"
#include "selftest/selftest_user.h"
#include "cpu/timer.h"
#include "cpu/wait.h"
#include "task/wake.h"
#include "lib/fmt.h"
#include "user/process_run.h"

#define TURNS    20
#define TURN_NS  500000ull
#define NMIS     100
#define CALLS    10000 /* of the probe's 10000-calls */
#define SWITCHES 1000
#define LIMIT_MS 60000

static enum process_stop take_turn(struct process *p)
{
	timer_arm(timer_now() + timer_ticks(TURN_NS));
	return process_run(p);
}

/* Lets the process end. It must not have noticed anything. */
static bool ends_well(struct process *p, char *detail)
{
	p->regs.r12 = 1;
	SELFTEST_EQ(selftest_run_to_end(p), PROCESS_EXITED);
	SELFTEST_EQ(p->exit_status, 0);
	process_destroy(p);
	return true;
}

SELFTEST(user_turns)
{
	struct process *p[] = {selftest_probe("probe:spin-a", PROBE_PAGES),
			       selftest_probe("probe:spin-b", PROBE_PAGES),
			       selftest_probe("probe:spin-calls", PROBE_PAGES)};
	uint64_t rounds[ARRAY_LEN(p)] = {0};

	for (unsigned i = 0; i < ARRAY_LEN(p); i++)
		SELFTEST_TRUE(p[i]);
	for (unsigned t = 0; t < TURNS; t++)
		for (unsigned i = 0; i < ARRAY_LEN(p); i++)
			SELFTEST_EQ(take_turn(p[i]), PROCESS_PREEMPTED);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++) {
		rounds[i] = p[i]->regs.r13;
		SELFTEST_TRUE(rounds[i]);
		if (!ends_well(p[i], detail))
			return false;
	}
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u turns each, rounds %lu, %lu, %lu", TURNS,
		     rounds[0], rounds[1], rounds[2]);
	return true;
}

struct mover {
	struct process *p;
	unsigned elsewhere;
	bool stop; /* it has run enough turns elsewhere */
	bool wrong;
};

/* A step that runs the process on other CPUs only. On the boot CPU it does nothing, until another
 * CPU takes the task. */
static enum sched_step move(void *arg)
{
	struct mover *m = arg;

	if (!percpu_this()->index) {
		timer_interrupt(); /* as process_run would */
		return STEP_MORE;
	}
	m->wrong |= take_turn(m->p) != PROCESS_PREEMPTED;
	if (++m->elsewhere < TURNS && !m->wrong)
		return STEP_MORE;
	__atomic_store_n(&m->stop, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

static bool wait_for(const bool *flag)
{
	struct patience p = svsm_patience(LIMIT_MS);

	while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
		if (svsm_patience_over(&p))
			return false;
		else
			cpu_relax();
	return true;
}

/* Some turns here, then some elsewhere while another process runs here, and the end here again. */
SELFTEST(user_moves)
{
	static struct mover m;
	struct process *b = selftest_probe("probe:spin-b", PROBE_PAGES);
	struct sched_task *t = sched_task_new(move, &m);

	m.p = selftest_probe("probe:spin-a", PROBE_PAGES);
	SELFTEST_TRUE(m.p && b && t);
	for (unsigned i = 0; i < TURNS; i++)
		SELFTEST_EQ(take_turn(m.p), PROCESS_PREEMPTED);
	sched_wake(t);
	sched_run(t, &m.stop, 1000, false);
	for (unsigned i = 0; i < TURNS; i++)
		SELFTEST_EQ(take_turn(b), PROCESS_PREEMPTED);
	SELFTEST_TRUE(wait_for(&m.stop));
	SELFTEST_TRUE(!m.wrong);
	SELFTEST_EQ(m.elsewhere, TURNS);
	SELFTEST_EQ(take_turn(m.p), PROCESS_PREEMPTED);
	return ends_well(m.p, detail) && ends_well(b, detail);
}

struct shooter {
	bool on, done;
};

/* A step that sends NMIs to the boot CPU until `on` is cleared. On the boot CPU itself it does
 * nothing. */
static enum sched_step shoot(void *arg)
{
	struct shooter *s = arg;

	if (!percpu_this()->index) {
		timer_interrupt();
		return STEP_MORE;
	}
	while (__atomic_load_n(&s->on, __ATOMIC_ACQUIRE))
		wake_cpu(percpu_get(0));
	__atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

/* NMIs hit anywhere: in ring 3, in the few instructions with the user's GS or RSP, in the kernel.
 * Nothing may break. */
SELFTEST(user_nmi)
{
	static struct shooter s = {.on = true};
	struct process *p = selftest_probe("probe:spin-calls", PROBE_PAGES);
	struct sched_task *t = sched_task_new(shoot, &s);
	uint32_t before = wake_ready();
	struct patience limit = svsm_patience(LIMIT_MS);
	uint64_t calls;

	SELFTEST_TRUE(p && t);
	sched_wake(t);
	sched_run(t, &s.done, 1000, false);
	while (wake_ready() - before < NMIS && !svsm_patience_over(&limit))
		SELFTEST_EQ(take_turn(p), PROCESS_PREEMPTED);
	__atomic_store_n(&s.on, false, __ATOMIC_RELEASE);
	SELFTEST_TRUE(wait_for(&s.done));
	SELFTEST_TRUE(wake_ready() - before >= NMIS);
	calls = p->regs.r13;
	fmt_snprintf(detail, SELFTEST_DETAIL, "%u NMIs in %lu system calls", NMIS, calls);
	return calls && ends_well(p, detail);
}

/* Figures for `make bench`; no time is asserted. */
SELFTEST(user_cost)
{
	struct process *p = selftest_probe("probe:10000-calls", PROBE_PAGES);
	uint64_t start, switches;

	SELFTEST_TRUE(p);
	start = rdtsc();
	for (unsigned i = 0; i < SWITCHES; i++) {
		usermode_load(p);
		usermode_store(p);
	}
	switches = rdtsc() - start;
	SELFTEST_EQ(selftest_run_to_end(p), PROCESS_EXITED);
	SELFTEST_EQ(p->exit_status, 0);
	fmt_snprintf(detail, SELFTEST_DETAIL,
		     "user_call_tsc=%lu user_switch_tsc=%lu (TSC ticks each, %lu kHz)",
		     p->user_tsc / CALLS, switches / SWITCHES, timer_khz());
	process_destroy(p);
	return true;
}
