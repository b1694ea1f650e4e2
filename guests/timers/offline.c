/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A CPU goes offline while timers of its own are armed, and comes back. Once a boot, and behind all
 * that need the kernel whole (agent/test_cpu.c says why).
 */
#include <signal.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "timers/beat.h"
#include "timers/clocks.h"
#include "tools/external.h"

#define CPU_FILE "/sys/devices/system/cpu/cpu1/online"
#define PERIOD   NS_A_MS

/* timerfd_create(2): the sum of all reads is what has passed since the first. */
static void count_all(int fd, uint64_t first, uint64_t *sum)
{
	uint64_t n, before = clocks_now(CLOCK_MONOTONIC);

	CHECK_EQ(read(fd, &n, sizeof(n)), sizeof(n));
	*sum += n;
	CHECK(*sum >= (before - first) / PERIOD + 1);
	CHECK(*sum <= (clocks_now(CLOCK_MONOTONIC) - first) / PERIOD + 1);
}

EXTERNAL_TEST(offline, "offline-with-timers",
	      "timers of a CPU that goes offline still come; back online it has its own again")
{
	uint64_t first, sum = 0;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct itimerspec t = {.it_interval = clocks_spec(PERIOD)};
	unsigned cpus = cpus_online();
	struct beat b;

	CHECK(cpus_pin(1));
	first = clocks_now(CLOCK_MONOTONIC) + 1;
	t.it_value = clocks_spec(first);
	CHECK_EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL), 0);
	count_all(fd, first, &sum);
	CHECK(cpus_pin(0));
	CHECK(file_write(CPU_FILE, "0"));
	CHECK_EQ(cpus_online(), cpus - 1);
	for (unsigned i = 0; i < 50; i++)
		count_all(fd, first, &sum);
	CHECK(file_write(CPU_FILE, "1"));
	CHECK_EQ(cpus_online(), cpus);
	count_all(fd, first, &sum);
	close(fd);
	CHECK(cpus_pin(1));
	b = beat_here(200);
	CHECK(b.expired >= 200);
	CHECK_EQ(b.early, 0);
	CHECK_EQ(b.lost, 0);
}
