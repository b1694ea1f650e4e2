/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The scheduler with a thread a CPU: requests and hand-overs that race.
 *
 * sources: svsm/task/sched.c svsm/task/sched_queue.c tests/native/fake_sched.c
 * libs: -lpthread
 */
#include <sched.h>
#include <stdlib.h>
#include "tests/native/check.h"
#include "tests/native/fake_sched.h"
#include "tests/native/gs.h"
#include "task/sched.h"
#include "cpu/timer.h"

#define REQUESTS 3000

/* A service with one request at a time, as user/service/service.c drives it. */
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

/* A caller asks its own server, sometimes lends for it, and then waits without lending. The idle
 * CPUs have to do the work, so a hand-over that is lost hangs here. */
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

	fake_sched_setup();
	real_time = true;
	stop = false;
	for (unsigned i = 0; i < 2; i++) {
		servers[i] = (struct server){.done = true};
		servers[i].task = sched_task_new(serve, &servers[i]);
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
