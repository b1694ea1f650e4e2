/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The scheduler: tasks that wake, run in turns, move to a CPU without a guest and are collected.
 * First one thread plays all CPUs and strikes at the worst moments; then every CPU is a thread.
 *
 * sources: svsm/kernel/sched.c
 * libs: -lpthread
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "check.h"
#include "gs.h"
#include "kernel/alloc.h"
#include "kernel/sched.h"
#include "kernel/timer.h"
#include "kernel/wake.h"

#define CPUS 4 /* 0 and 1 have guests, 2 is an offline vCPU, 3 a service CPU */

static struct cpu cpus[CPUS];

/* ---- what the scheduler stands on ---- */

static uint64_t fake_now; /* deterministic tests: ns, a tick a look */
static bool real_time;
static uint64_t armed;
static unsigned nmis[CPUS];
static bool stop; /* the threads shall end; under sleep_lock */
static void (*at_ready)(void), (*at_sleep)(void);
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t nmi_came = PTHREAD_COND_INITIALIZER;

uint64_t timer_now(void)
{
	struct timespec t;

	if (!real_time)
		return fake_now++;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t timer_ticks(uint64_t ns)
{
	return ns;
}

void timer_arm(uint64_t at)
{
	if (!real_time)
		armed = at;
}

void *alloc(size_t size)
{
	return calloc(1, size);
}

unsigned percpu_count(void)
{
	return CPUS;
}

struct cpu *percpu_get(unsigned i)
{
	return i < CPUS ? &cpus[i] : NULL;
}

void wake_cpu(const struct cpu *c)
{
	pthread_mutex_lock(&sleep_lock);
	nmis[c->index]++;
	cpus[c->index].nmi_count++;
	pthread_cond_broadcast(&nmi_came);
	pthread_mutex_unlock(&sleep_lock);
}

static void strike(void (**hook)(void))
{
	void (*what)(void) = *hook;
	struct cpu *me = percpu_this();

	*hook = NULL;
	if (what)
		what();
	gs_become(me);
}

uint32_t wake_ready(void)
{
	uint32_t seen;

	pthread_mutex_lock(&sleep_lock);
	seen = percpu_this()->nmi_count;
	pthread_mutex_unlock(&sleep_lock);
	strike(&at_ready);
	return seen;
}

static unsigned slept; /* for want of an NMI */

void wake_sleep(uint32_t seen)
{
	struct cpu *me = percpu_this();

	strike(&at_sleep);
	pthread_mutex_lock(&sleep_lock);
	if (!real_time)
		slept += me->nmi_count == seen;
	while (real_time && !stop && me->nmi_count == seen)
		pthread_cond_wait(&nmi_came, &sleep_lock);
	pthread_mutex_unlock(&sleep_lock);
}

static void setup(void)
{
	memset(cpus, 0, sizeof(cpus));
	memset(nmis, 0, sizeof(nmis));
	for (unsigned i = 0; i < CPUS; i++) {
		cpus[i].index = i;
		cpus[i].guest.vmsa = i < 2 ? gpa(0x1000) : GPA_NONE;
	}
	cpus[3].service = true;
	real_time = false;
	at_ready = at_sleep = NULL;
	slept = 0;
	gs_become(&cpus[0]);
}

/* ---- one thread plays all ---- */

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

	j->task = sched_task_new("job", step, j);
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

	setup();
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

	setup();
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

	setup();
	j->early = 3;
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_SLICE);
	CHECK_EQ(j->ran[0], 4);
	CHECK_EQ(j->turns_left, 1);
	CHECK_EQ(run(j, SCHED_TURN_NS), SCHED_DONE);
	job_free(j);
}

/* Nobody has asked for anything: lending returns at once, or after its slice. */
TEST(nothing_to_do)
{
	struct job *j = job(1);

	setup();
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
 * The three moments at which a hand-over can meet a CPU on its way to sleep: before it says that it
 * is idle, after it has looked at the queue, and when it sleeps. None may leave it asleep beside a
 * task that is ready.
 */
TEST(no_wakeup_is_lost_on_the_way_to_sleep)
{
	for (unsigned moment = 0; moment < 3; moment++) {
		check_context("moment %u", moment);
		setup();
		struck = job(1);
		as(3);
		at_ready = moment == 0 ? submit_and_leave : NULL;
		at_sleep = moment == 1 ? submit_and_leave : NULL;
		sched_idle();
		if (moment == 2) {
			CHECK_EQ(slept, 1);
			cpus[3].idle = true; /* it is still in there */
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
	setup();
	struck = calloc(1, sizeof(*struck));
	struck->task = sched_task_new("guests", step_with_guests, struck);
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
	setup();
	struck = job(5);
	CHECK(!sched_has_idle_cpu());
	cpus[0].idle = true; /* of no use to itself */
	CHECK(!sched_has_idle_cpu());
	cpus[0].idle = false;
	cpus[1].idle = true; /* has a guest by now */
	CHECK(!sched_has_idle_cpu());
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
	CHECK_EQ(run(struck, 0), SCHED_SLICE); /* nobody is left: it waits for a lender */
	CHECK_EQ(nmis[1] + nmis[2] + nmis[3], 3);
	CHECK_EQ(run(struck, 5 * SCHED_TURN_NS), SCHED_DONE);
	job_free(struck);
}

/* FIFO among those that are ready; the one that a caller lends for goes first. */
TEST(turns_are_fair)
{
	struct job *j[3];

	setup();
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

/* A task that never waits, at home on a CPU without a guest, and one that was woken where a guest
 * went on: neither keeps the other from its turns. */
TEST(no_queue_starves)
{
	struct job *endless = job(1000), *other = job(3);

	setup();
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

/* The one that is lent for comes from any queue; in its place, one of the own queue only. */
TEST(lending_looks_into_all_queues_for_its_own_task)
{
	struct job *a = job(2), *b = job(1), *c = job(2);

	setup();
	sched_wake(b->task);
	sched_wake(a->task);
	as(1);
	CHECK_EQ(run(a, SCHED_TURN_NS), SCHED_SLICE);
	CHECK_EQ(a->ran[1], 1);
	CHECK_EQ(run(c, SCHED_TURN_NS), SCHED_SLICE); /* c waits: a, which was put down here */
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
	setup();
	struck = calloc(1, sizeof(*struck));
	struck->task = sched_task_new("long", step_until_the_guest_comes, struck);
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

TEST(a_wakeup_in_the_last_turn_counts)
{
	struct job *j = job(1);

	setup();
	j->wake_itself = true;
	sched_wake(j->task);
	CHECK_EQ(run(j, SCHED_TURN_NS * 4), SCHED_DONE);
	CHECK_EQ(j->ran[0], 2);
	job_free(j);
}

/* ---- a thread a CPU ---- */

#define REQUESTS 3000

/* A service with one request at a time, as kernel/service.c drives it. */
struct server {
	struct sched_task *task;
	unsigned asked; /* atomic */
	unsigned answered;
	unsigned inside; /* CPUs that run it: 0 or 1 */
	unsigned turns;
	bool twice;
	unsigned left; /* turns of the request under way */
	unsigned ran[CPUS];
	bool done;
};

static enum sched_step serve(void *arg)
{
	struct server *s = arg;

	if (__atomic_fetch_add(&s->inside, 1, __ATOMIC_SEQ_CST))
		s->twice = true;
	s->ran[percpu_this()->index]++;
	s->turns++;
	if (!s->left && __atomic_load_n(&s->asked, __ATOMIC_ACQUIRE) != s->answered)
		s->left = 1 + s->turns % 3;
	if (s->left && --s->left == 0)
		s->answered++;
	__atomic_fetch_sub(&s->inside, 1, __ATOMIC_SEQ_CST);
	if (s->left)
		return STEP_MORE;
	__atomic_store_n(&s->done, true, __ATOMIC_RELEASE);
	return STEP_WAITS;
}

static void *idle_cpu(void *arg)
{
	gs_become(arg);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
		sched_idle();
	return NULL;
}

static struct server servers[2];

/* Asks its own server, sometimes lends for it, and waits without lending until it is answered: by
 * the idle CPUs alone, so a hand-over that is lost hangs here. */
static void *caller_cpu(void *arg)
{
	struct cpu *me = arg;
	struct server *s = &servers[me->index];
	uint64_t limit = timer_now() + 3000000000;
	uint32_t seed = 11 + me->index;

	gs_become(me);
	for (unsigned i = 0; i < REQUESTS && (i < 100 || timer_now() < limit); i++) {
		__atomic_store_n(&s->done, false, __ATOMIC_RELEASE);
		__atomic_fetch_add(&s->asked, 1, __ATOMIC_RELEASE);
		sched_wake(s->task);
		/* an empty slice hands over at once */
		sched_run(s->task, &s->done, check_random(&seed) % 4 ? 0 : 2000, false);
		while (!__atomic_load_n(&s->done, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	return NULL;
}

static void *impatient_cpu(void *arg)
{
	uint32_t seed = 5;

	gs_become(arg);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		struct server *s = &servers[check_random(&seed) % 2];

		sched_wake(s->task); /* for nothing */
		sched_run(s->task, &s->done, check_random(&seed) % 3000, seed % 2);
	}
	return NULL;
}

static void race(unsigned idlers, bool third_caller)
{
	pthread_t t[CPUS];

	setup();
	real_time = true;
	stop = false;
	for (unsigned i = 0; i < 2; i++) {
		servers[i] = (struct server){.done = true};
		servers[i].task = sched_task_new("server", serve, &servers[i]);
	}
	for (uintptr_t i = 0; i < CPUS; i++) {
		void *(*fn)(void *) = i < 2 ? caller_cpu : idle_cpu;

		if (i == 2 && third_caller)
			fn = impatient_cpu;
		if (i < 3 || idlers)
			CHECK_EQ(pthread_create(&t[i], NULL, fn, &cpus[i]), 0);
	}
	pthread_join(t[0], NULL); /* a lost wake-up hangs here: run.sh has a time limit */
	pthread_join(t[1], NULL);
	pthread_mutex_lock(&sleep_lock);
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&nmi_came);
	pthread_mutex_unlock(&sleep_lock);
	pthread_join(t[2], NULL);
	pthread_join(t[3], NULL);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(servers[i].answered, servers[i].asked);
		CHECK(!servers[i].twice);
		CHECK(servers[i].ran[3] > 0); /* else this shows nothing */
		free(servers[i].task);
	}
}

TEST(two_callers_and_two_idle_cpus)
{
	race(2, false);
}

TEST(three_callers_of_the_same_tasks)
{
	race(1, true);
}
