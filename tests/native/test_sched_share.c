/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A CPU that its guest and a task share: who has it when, and when the timer is set.
 *
 * sources: svsm/task/sched.c svsm/task/sched_queue.c tests/native/fake_sched.c
 * libs: -lpthread
 */
#include <stdlib.h>
#include "cpu/trap/hv.h"
#include "task/sched.h"
#include "tests/native/check.h"
#include "tests/native/fake_sched.h"
#include "tests/native/gs.h"

struct job {
	struct sched_task *task;
	unsigned turns_left; /* what a request takes */
	bool done;
	unsigned ran[CPUS];
};

static enum sched_step step(void *arg)
{
	struct job *j = arg;

	j->ran[percpu_this()->index]++;
	fake_now += armed - fake_now;
	if (--j->turns_left)
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

/* Every CPU has a guest, and the one asked has a task that takes `turns` of a slice. */
static struct job *shared_job(unsigned turns)
{
	struct job *j = job(turns);

	fake_sched_setup();
	hv_used = 1;
	for (unsigned i = 0; i < CPUS; i++)
		cpus[i].guest.vmsa = gpa(0x1000);
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_SLICE);
	return j;
}

static void shared_end(struct job *j)
{
	while (run(j, SCHED_TURN_NS) != SCHED_DONE)
		;
	hv_used = 0;
	job_free(j);
}

TEST(a_guest_that_never_calls_and_a_task_take_turns)
{
	struct job *j = shared_job(10);
	uint64_t start = fake_now, lent = j->ran[0];

	for (unsigned i = 1; i <= 5; i++) {
		check_context("share %u", i);
		CHECK(sched_share());
		CHECK_EQ(j->ran[0], lent + i - 1);
		CHECK(armed - fake_now <= SCHED_GUEST_NS); /* the timer comes at its end */
		CHECK(armed - fake_now > SCHED_GUEST_NS - 1000);
		fake_now = armed; /* the guest runs until then */
	}
	CHECK(sched_share());
	CHECK(fake_now - start >= 5 * (SCHED_GUEST_NS + SCHED_SHARE_NS));
	CHECK(fake_now - start < 5 * (SCHED_GUEST_NS + SCHED_SHARE_NS) + 10000);
	shared_end(j);
}

/* However often it calls for something else, or the host lets it go: no turn before its time. */
TEST(a_guest_that_exits_often_has_its_share)
{
	struct job *j = shared_job(10);
	unsigned lent = j->ran[0];

	for (unsigned i = 0; i < 100; i++) {
		CHECK(sched_share());
		fake_now += SCHED_GUEST_NS / 200;
	}
	CHECK_EQ(j->ran[0], lent);
	shared_end(j);
}

/* The timer was never delivered: the guest's next exit makes up for it, by one turn. */
TEST(a_late_guest_gives_one_turn)
{
	struct job *j = shared_job(10);
	unsigned lent = j->ran[0];

	CHECK(sched_share());
	fake_now += 100 * SCHED_GUEST_NS;
	CHECK(sched_share());
	CHECK_EQ(j->ran[0], lent + 1);
	CHECK(armed - fake_now > SCHED_GUEST_NS - 1000);
	shared_end(j);
}

TEST(a_slice_that_a_call_has_lent_begins_the_guests_share_anew)
{
	struct job *j = shared_job(10);
	unsigned lent;

	CHECK(sched_share());
	fake_now = armed - 1000;
	run(j, SCHED_TURN_NS);
	lent = j->ran[0];
	CHECK(sched_share());
	CHECK_EQ(j->ran[0], lent);
	CHECK(armed - fake_now > SCHED_GUEST_NS - 1000);
	shared_end(j);
}

TEST(nothing_ends_the_guests_run_when_the_task_is_done)
{
	struct job *j = shared_job(2);

	CHECK(sched_share());
	fake_now = armed;
	CHECK(!sched_share()); /* its last turn */
	CHECK(j->done);
	CHECK(!sched_waiting());
	shared_end(j);
}

TEST(a_cpu_without_a_guest_spares_the_others)
{
	struct job *j = shared_job(10);

	cpus[3].guest.vmsa = GPA_NONE;
	CHECK(sched_share()); /* one that does not take work: its guest was deleted */
	cpus[3].spare = true;
	CHECK(!sched_share());
	cpus[3].spare = false;
	cpus[3].woken = fake_now; /* on its way */
	CHECK(!sched_share());
	fake_now += 2 * SCHED_TURN_NS; /* or not: the NMI is lost */
	CHECK(sched_share());
	shared_end(j);
}

TEST(without_a_doorbell_nothing_is_shared)
{
	struct job *j = shared_job(10);
	unsigned lent = j->ran[0];

	hv_used = 0;
	fake_now += 100 * SCHED_GUEST_NS;
	CHECK(!sched_share());
	CHECK_EQ(j->ran[0], lent);
	shared_end(j);
}
