/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Sleep until the next millisecond, see how late it is, again. */
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "tools/gaps.h"

#define PERIOD_NS   1000000ull
#define LONG_NS     (4 * PERIOD_NS)
#define NS_A_SECOND 1000000000ull

static struct {
	pthread_t thread;
	struct gaps gaps;
} cpus[GAPS_CPUS];
static unsigned count;
static bool stop;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_A_SECOND + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / NS_A_SECOND), (long)(ns % NS_A_SECOND)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
		;
}

static void note(struct gaps *g, uint64_t gap)
{
	unsigned bucket = 0;

	g->wakes++;
	if (gap > g->longest_ns)
		g->longest_ns = gap;
	if (gap < LONG_NS)
		return;
	while (bucket < GAPS_BUCKETS - 1 && gap >= LONG_NS << (bucket + 1))
		bucket++;
	g->histogram[bucket]++;
}

static void *beat(void *arg)
{
	struct gaps *g = arg;
	uint64_t last = now_ns(), now;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		sleep_until(last + PERIOD_NS);
		now = now_ns();
		note(g, now - last);
		last = now;
	}
	return NULL;
}

static bool start_on(unsigned cpu)
{
	struct sched_param priority = {.sched_priority = 50};
	pthread_attr_t attr;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	return pthread_attr_setschedpolicy(&attr, SCHED_FIFO) == 0 &&
	       pthread_attr_setschedparam(&attr, &priority) == 0 &&
	       pthread_attr_setaffinity_np(&attr, sizeof(set), &set) == 0 &&
	       pthread_create(&cpus[cpu].thread, &attr, beat, &cpus[cpu].gaps) == 0;
}

bool gaps_start(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	stop = false;
	for (count = 0; count < MIN(online, GAPS_CPUS); count++) {
		cpus[count].gaps = (struct gaps){0};
		if (!start_on(count))
			return false;
	}
	return count > 0;
}

unsigned gaps_stop(struct gaps result[GAPS_CPUS])
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned cpu = 0; cpu < count; cpu++) {
		pthread_join(cpus[cpu].thread, NULL);
		result[cpu] = cpus[cpu].gaps;
	}
	return count;
}
