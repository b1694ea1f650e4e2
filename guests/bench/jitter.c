/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How late a timer wakes a program: sleeps of a millisecond to the end of an absolute time, as a
 * periodic task does. INFO "timer_late": count, then p50, p99 and the most, in us. Word on the
 * kernel's command line: bench.ticks=N (2000).
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bench/figures.h"
#include "tools/external.h"
#include "tools/option.h"

#define PERIOD_US 1000.0

/* Until that time of CLOCK_MONOTONIC, in us. */
static void sleep_until(double us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1e6)};

	t.tv_nsec = (long)((us - (double)t.tv_sec * 1e6) * 1e3);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* Who wakes too late for the next period begins a new one: each sleep is a whole one. */
EXTERNAL_TEST(jitter, "jitter", "how late sleeps of a millisecond end")
{
	unsigned count = (unsigned)option_number("bench.ticks", 2000);
	double next = figures_now(), most = 0;
	struct figures f;

	figures_start(&f, count);
	for (unsigned i = 0; i < count; i++) {
		double now = figures_now();

		next = now > next ? now + PERIOD_US : next + PERIOD_US;
		sleep_until(next);
		f.us[i] = figures_now() - next;
		most = f.us[i] > most ? f.us[i] : most;
		CHECK(f.us[i] >= 0);
	}
	figures_end(&f, count);
	external_info("timer_late", "%u %.1f %.1f %.1f", count, f.p50, f.p99, most);
}
