/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <pthread.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "timers/beat.h"
#include "timers/clocks.h"
#include "tools/external.h"

#define PERIOD NS_A_MS

static struct runner {
	pthread_t thread;
	unsigned cpu;
	struct beat beat;
} runners[BEAT_CPUS];
static unsigned running;
static bool stop;

static int start_timer(uint64_t first)
{
	const struct itimerspec t = {.it_interval = clocks_spec(PERIOD),
				     .it_value = clocks_spec(first)};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	return fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL) == 0 ? fd : -1;
}

/* How many have expired at a time. */
static uint64_t due(uint64_t first, uint64_t now)
{
	return now < first ? 0 : (now - first) / PERIOD + 1;
}

static bool wake(struct beat *b, int fd, uint64_t first)
{
	uint64_t n, before = clocks_now(CLOCK_MONOTONIC), expired;

	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return false;
	expired = __atomic_add_fetch(&b->expired, n, __ATOMIC_RELAXED);
	b->wakes++;
	b->lost += expired < due(first, before);
	b->early += expired > due(first, clocks_now(CLOCK_MONOTONIC));
	return true;
}

static void *run(void *arg)
{
	struct runner *r = arg;
	uint64_t first;
	int fd;

	if (!cpus_pin(r->cpu))
		return NULL;
	first = clocks_now(CLOCK_MONOTONIC) + PERIOD;
	fd = start_timer(first);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED) && wake(&r->beat, fd, first))
		;
	close(fd);
	return NULL;
}

struct beat beat_here(uint64_t count)
{
	uint64_t first = clocks_now(CLOCK_MONOTONIC) / PERIOD * PERIOD + 2 * PERIOD;
	struct beat b = {0};
	int fd = start_timer(first);

	while (b.expired < count && wake(&b, fd, first))
		;
	close(fd);
	return b;
}

bool beats_start(void)
{
	__atomic_store_n(&stop, false, __ATOMIC_RELAXED);
	for (running = 0; running < MIN(cpus_online(), (unsigned)BEAT_CPUS); running++) {
		runners[running] = (struct runner){.cpu = running};
		if (pthread_create(&runners[running].thread, NULL, run, &runners[running]) != 0) {
			external_fail(EXTERNAL_HERE, "no thread for CPU %u", running);
			break;
		}
	}
	return running == MIN(cpus_online(), (unsigned)BEAT_CPUS);
}

void beats_stop(const char *key, uint64_t at_least)
{
	for (unsigned i = 0; i < running; i++)
		while (__atomic_load_n(&runners[i].beat.expired, __ATOMIC_RELAXED) < at_least)
			clocks_sleep_until(clocks_now(CLOCK_MONOTONIC) + 10 * NS_A_MS);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < running; i++) {
		const struct beat *b = &runners[i].beat;
		char name[64];

		pthread_join(runners[i].thread, NULL);
		snprintf(name, sizeof(name), "%s_cpu%u", key, i);
		external_info(name, "%llu expirations in %llu wakes",
			      (unsigned long long)b->expired, (unsigned long long)b->wakes);
		CHECK(b->wakes > 0 && b->expired >= at_least);
		CHECK_EQ(b->early, 0);
		CHECK_EQ(b->lost, 0);
	}
}
