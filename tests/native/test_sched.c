/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The scheduler: tasks that wake, run in turns, move to a CPU without a guest and are collected.
 * One thread plays all CPUs and strikes at the worst moments.
 *
 * sources: svsm/task/sched.c svsm/task/sched_queue.c tests/native/fake_sched.c
 * libs: -lpthread
 */
#include <setjmp.h>
#include <stdlib.h>
#include "tests/native/check.h"
#include "tests/native/fake_sched.h"
#include "tests/native/gs.h"
#include "cpu/failstop.h"
#include "task/sched.h"
#include "task/sched_queue.h"

struct job {
	struct sched_task *task;
	unsigned turns_left; /* what a request takes */
	bool done;
	unsigned ran[CPUS];
	bool wake_itself; /* in the next turn */
	uint64_t turn_ns;
	unsigned early;
};

static enum sched_step step(void *arg)
{
	struct job *j = arg;

	j->ran[percpu_this()->index]++;
	if (j->early) { /* an interrupt out of turn */
		j->early--;
		return STEP_MORE;
	}
	fake_now += j->turn_ns ? j->turn_ns : armed - fake_now;
	if (j->wake_itself) {
		j->wake_itself = false;
		j->turns_left++;
		sched_wake(j->task);
	}
	if (j->turns_left && --j->turns_left)
		return STEP_MORE;
	j->done = true;
	return STEP_WAITS;
}

static struct job *job(unsigned turns)
{
	struct job *j = calloc(1, sizeof(*j));

	j->task = sched_task_new(step, j);
	j->turns_left = turns;
	return j;
}

static void job_free(struct job *j)
{
	free(j->task);
	free(j);
}

static enum sched_end run(struct job *j, uint64_t slice)
{
	return sched_run(j->task, &j->done, slice, false);
}

static void as(unsigned cpu)
{
	gs_become(&cpus[cpu]);
}

TEST(a_short_request_is_done_on_the_caller)
{
	struct job *j = job(1);

	fake_sched_setup();
	j->turn_ns = 1000;
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_DONE);
	CHECK_EQ(j->ran[0], 1);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_DONE); /* and asked for once more */
	CHECK_EQ(j->ran[0], 1);
	job_free(j);
}

TEST(a_slice_ends_in_time)
{
	struct job *j = job(100);
	uint64_t start;

	fake_sched_setup();
	sched_wake(j->task);
	start = fake_now;
	CHECK_EQ(run(j, SCHED_TURN_NS / 2), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 1);
	CHECK(fake_now - start < SCHED_TURN_NS / 2 + 100);
	start = fake_now;
	CHECK_EQ(run(j, 3 * SCHED_TURN_NS + 5000000), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 1 + 4); /* turns, the last a short one */
	CHECK(fake_now - start < 3 * SCHED_TURN_NS + 5000100);
	CHECK_EQ(run(j, 0), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 5);
	while (run(j, SCHED_TURN_NS) == SCHED_SLICE)
		;
	CHECK(j->done);
	CHECK_EQ(j->ran[0], 100);
	job_free(j);
}

TEST(an_early_interrupt_ends_no_turn)
{
	struct job *j = job(2);

	fake_sched_setup();
	j->early = 3;
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 4);
	CHECK_EQ(j->turns_left, 1);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_DONE);
	job_free(j);
}

/* There is no request: lending returns at once, or after its slice. */
TEST(nothing_to_do)
{
	struct job *j = job(1);

	fake_sched_setup();
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_SLICE);
	CHECK_EQ(sched_run(j->task, &j->done, 1000, true), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 0);
	as(3);
	sched_idle();
	CHECK_EQ(slept, 1);
	job_free(j);
}

static struct job *struck; /* by the hooks */

/* CPU 0 submits, lends a slice that is too short, and goes back to its guest. */
static void submit_and_leave(void)
{
	as(0);
	sched_wake(struck->task);
	CHECK_EQ(run(struck, 0), SCHED_SLICE);
}

/*
 * A hand-over can meet a CPU on its way to sleep at three moments: before the CPU says that it is
 * idle, after it has looked at its queue, and when it sleeps. After none of them may the CPU sleep
 * while a task is ready.
 */
TEST(no_wakeup_is_lost_on_the_way_to_sleep)
{
	for (unsigned moment = 0; moment < 3; moment++) {
		check_context("moment %u", moment);
		fake_sched_setup();
		struck = job(1);
		as(3);
		at_ready = moment == 0 ? submit_and_leave : NULL;
		at_sleep = moment == 1 ? submit_and_leave : NULL;
		sched_idle();
		if (moment == 2) {
			CHECK_EQ(slept, 1);
			cpus[3].idle = true; /* CPU 3 is still inside sched_idle() */
			submit_and_leave();
			CHECK_EQ(nmis[3], 1);
			as(3);
			slept = 0;
			cpus[3].idle = false;
		}
		CHECK_EQ(nmis[3], moment > 0);
		if (!struck->done)
			sched_idle(); /* the NMI brought it back */
		CHECK_EQ(slept, 0);
		CHECK_EQ(struck->ran[3], 1);
		CHECK(struck->done && !cpus[3].idle);
		as(0);
		CHECK_EQ(run(struck, SCHED_TURN_NS), SCHED_DONE);
		job_free(struck);
	}
}

static void caller_comes_again(void)
{
	as(1);
	CHECK_EQ(run(struck, SCHED_TURN_NS), SCHED_ELSEWHERE);
	CHECK_EQ(sched_run(struck->task, &struck->done, 500, true), SCHED_ELSEWHERE);
	sched_wake(struck->task); /* another request came while it ran */
	sched_wake(struck->task);
	as(2);
	at_sleep = NULL;
	sched_idle(); /* must not run it a second time */
	CHECK_EQ(slept, 1);
}

static enum sched_step step_with_guests(void *arg)
{
	struct job *j = arg;
	struct cpu *me = percpu_this();

	j->ran[me->index]++;
	if (j->ran[me->index] == 1)
		caller_comes_again();
	gs_become(me);
	j->done = j->ran[me->index] == 2;
	return STEP_WAITS;
}

TEST(a_task_that_runs_is_neither_run_twice_nor_forgotten)
{
	fake_sched_setup();
	struck = calloc(1, sizeof(*struck));
	struck->task = sched_task_new(step_with_guests, struck);
	sched_wake(struck->task);
	as(3);
	sched_idle();
	CHECK_EQ(struck->ran[3], 1);
	CHECK(!struck->done);
	sched_idle(); /* the wake-ups in between: one more turn, not two */
	CHECK_EQ(struck->ran[3], 2);
	CHECK(struck->done);
	slept = 0;
	sched_idle();
	CHECK_EQ(slept, 1);
	CHECK_EQ(struck->ran[1] + struck->ran[2], 0);
	job_free(struck);
}

TEST(who_is_woken)
{
	fake_sched_setup();
	struck = job(5);
	cpus[1].idle = true; /* has a guest by now */
	submit_and_leave();
	CHECK_EQ(nmis[1] + nmis[2] + nmis[3], 0);
	cpus[2].idle = true;
	CHECK_EQ(run(struck, 0), SCHED_SLICE);
	CHECK_EQ(nmis[2], 1);
	CHECK(!cpus[2].idle); /* one NMI a sleep */
	cpus[2].idle = cpus[3].idle = true;
	CHECK_EQ(run(struck, 0), SCHED_SLICE);
	CHECK_EQ(nmis[3], 1); /* the service CPU first */
	CHECK_EQ(run(struck, 0), SCHED_SLICE);
	CHECK_EQ(nmis[2], 2);
	CHECK_EQ(run(struck, 0), SCHED_SLICE); /* no CPU is idle: it waits for a lender */
	CHECK_EQ(nmis[1] + nmis[2] + nmis[3], 3);
	CHECK_EQ(run(struck, 5 * SCHED_TURN_NS), SCHED_DONE);
	job_free(struck);
}

/* A CPU that looks for work, sleeps because there is none, and wakes without a reason. */
static void come_and_go(unsigned cpu)
{
	as(cpu);
	sched_idle();
	as(0);
}

TEST(a_cpu_without_a_guest_is_spare_asleep_or_not)
{
	fake_sched_setup();
	CHECK(!sched_has_spare_cpu()); /* no CPU has looked for work yet */
	come_and_go(3);
	CHECK(sched_has_spare_cpu());
	cpus[3].idle = true;
	CHECK(sched_has_spare_cpu());
	as(3);
	CHECK(!sched_has_spare_cpu()); /* a spare CPU is none for itself */
	as(0);
	cpus[3].guest.vmsa = gpa(0x3000);
	CHECK(!sched_has_spare_cpu());
}

TEST(who_does_not_hear_is_not_spare)
{
	fake_sched_setup();
	struck = job(3);
	come_and_go(3);
	cpus[3].idle = true;
	submit_and_leave();
	CHECK_EQ(nmis[3], 1);
	CHECK(!sched_has_spare_cpu());
	CHECK_EQ(run(struck, SCHED_TURN_NS), SCHED_SLICE); /* so the caller has to do it */
	CHECK(!sched_has_spare_cpu());
	come_and_go(3); /* late */
	CHECK(sched_has_spare_cpu());
	CHECK_EQ(run(struck, SCHED_TURN_NS), SCHED_DONE);
	job_free(struck);
}

/* docs/host-answers.md: an NMI that the hypervisor refused or lost is sent again. */
TEST(a_lost_nmi_costs_no_cpu)
{
	fake_sched_setup();
	struck = job(20);
	come_and_go(3);
	cpus[3].idle = true;
	submit_and_leave();
	CHECK_EQ(nmis[3], 1);
	CHECK_EQ(run(struck, SCHED_TURN_NS / 4), SCHED_SLICE); /* it may still be on its way */
	CHECK_EQ(nmis[3], 1);
	fake_now += 2 * SCHED_TURN_NS;
	CHECK_EQ(run(struck, 0), SCHED_SLICE);
	CHECK_EQ(nmis[3], 2);
	CHECK_EQ(run(struck, 0), SCHED_SLICE); /* and again not before its time */
	CHECK_EQ(nmis[3], 2);
	come_and_go(3);
	fake_now += 2 * SCHED_TURN_NS;
	CHECK_EQ(run(struck, 0), SCHED_SLICE); /* it was awake, and has gone to sleep since */
	CHECK_EQ(nmis[3], 2);
	job_free(struck);
}

static void get_a_guest(void)
{
	cpus[2].guest.vmsa = gpa(0x2000);
}

/* The guest's VMSA was deleted while it ran, and the CPU is still in RUN_VMPL. */
TEST(who_lost_its_guest_is_spare_when_it_comes)
{
	fake_sched_setup();
	at_sleep = get_a_guest;
	come_and_go(2);
	cpus[2].guest.vmsa = GPA_NONE;
	CHECK(!sched_has_spare_cpu());
	come_and_go(2);
	CHECK(sched_has_spare_cpu());
}

/* FIFO among those that are ready; the one that a caller lends for goes first. */
TEST(turns_are_fair)
{
	struct job *j[3];

	fake_sched_setup();
	for (unsigned i = 0; i < 3; i++) {
		j[i] = job(4);
		sched_wake(j[i]->task);
	}
	as(3);
	for (unsigned i = 0; i < 6; i++)
		sched_idle();
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(j[i]->ran[3], 2);
	as(0);
	CHECK_EQ(run(j[2], 2 * SCHED_TURN_NS), SCHED_DONE);
	CHECK_EQ(j[0]->ran[0] + j[1]->ran[0], 0);
	as(3);
	for (unsigned i = 0; i < 4; i++)
		sched_idle();
	CHECK(j[0]->done && j[1]->done);
	CHECK_EQ(slept, 0);
	for (unsigned i = 0; i < 3; i++)
		job_free(j[i]);
}

/* One task never waits and is at home on a CPU without a guest; another was woken on a CPU whose
 * guest went on. Neither keeps the other from its turns. */
TEST(no_queue_starves)
{
	struct job *endless = job(1000), *other = job(3);

	fake_sched_setup();
	as(3);
	sched_wake(endless->task);
	sched_idle();
	as(0);
	sched_wake(other->task);
	as(3);
	for (unsigned i = 0; i < 6; i++)
		sched_idle();
	CHECK(other->done);
	CHECK_EQ(endless->ran[3], 4);
	CHECK_EQ(slept, 0);
	job_free(endless);
	job_free(other);
}

/* A lender takes the task that it lends for from any queue, and any other from its own queue. */
TEST(lending_looks_into_all_queues_for_its_own_task)
{
	struct job *a = job(2), *b = job(1), *c = job(2);

	fake_sched_setup();
	sched_wake(b->task);
	sched_wake(a->task);
	as(1);
	CHECK_EQ(run(a, SCHED_TURN_NS), SCHED_SLICE);
	CHECK_EQ(a->ran[1], 1);
	CHECK_EQ(run(c, SCHED_TURN_NS), SCHED_SLICE); /* c waits, a runs: it was preempted here */
	CHECK(a->done && !b->done);
	CHECK_EQ(a->ran[1], 2);
	CHECK_EQ(run(c, SCHED_TURN_NS), SCHED_SLICE);
	CHECK(!b->done);
	as(0);
	CHECK_EQ(run(b, SCHED_TURN_NS), SCHED_DONE);
	job_free(a);
	job_free(b);
	job_free(c);
}

static enum sched_step step_until_the_guest_comes(void *arg)
{
	struct job *j = arg;

	j->ran[percpu_this()->index]++;
	fake_now = armed;
	cpus[2].guest.vmsa = gpa(0x2000);
	cpus[3].idle = true;
	return STEP_MORE;
}

TEST(who_gets_a_guest_hands_its_tasks_over)
{
	fake_sched_setup();
	struck = calloc(1, sizeof(*struck));
	struck->task = sched_task_new(step_until_the_guest_comes, struck);
	sched_wake(struck->task);
	as(2);
	sched_idle();
	CHECK_EQ(struck->ran[2], 1);
	CHECK_EQ(nmis[3], 1);
	as(3);
	sched_idle();
	CHECK_EQ(struck->ran[3], 1);
	job_free(struck);
}

/* As CREATE_VCPU does on another CPU. */
static void guest_comes(void)
{
	cpus[2].guest.vmsa = gpa(0x5000);
	sched_guest(&cpus[2]);
}

/* The hypervisor ends a HLT when the guest gets its VMSA, and a CPU that is not there yet misses
 * that. It must not depend on it. */
TEST(who_gets_a_guest_does_not_sleep)
{
	for (unsigned moment = 0; moment < 4; moment++) {
		fake_sched_setup();
		check_context("moment %u", moment);
		as(2);
		at_ready = moment == 1 ? guest_comes : NULL;
		at_sleep = moment == 2 ? guest_comes : NULL;
		if (moment == 0)
			guest_comes();
		sched_idle();
		CHECK_EQ(slept, moment == 3);
		if (moment == 3) {
			cpus[2].idle = true; /* it is still inside */
			guest_comes();
		}
		CHECK_EQ(nmis[2], moment >= 2);
		CHECK(!cpus[2].idle);
	}
}

TEST(a_wakeup_in_the_last_turn_counts)
{
	struct job *j = job(1);

	fake_sched_setup();
	j->wake_itself = true;
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS * 4), SCHED_DONE);
	CHECK_EQ(j->ran[0], 2);
	job_free(j);
}

static jmp_buf stopped_here;

void failstop_stop(void)
{
	longjmp(stopped_here, 1);
}

/* The task runs on CPU 3 and comes back from there no more: the caller would poll for its slice,
 * and then be told to come again, for ever. */
TEST(a_caller_does_not_wait_for_a_cpu_that_panicked)
{
	struct job *j = job(1);
	volatile bool stops = false;

	fake_sched_setup();
	j->task->state = TASK_RUNS;
	failstop_by = 4;
	if (!setjmp(stopped_here))
		sched_run(j->task, &j->done, SCHED_TURN_NS, true);
	else
		stops = true;
	failstop_by = 0;
	CHECK(stops);
	job_free(j);
}
