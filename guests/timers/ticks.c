/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Ticks and wakes, counted. timers.exact=1 on the kernel's command line says that time goes by
 * instructions: then nothing is merged, and the figures are the rule's to the tick, here and on a
 * machine without an SVSM.
 */
#include <stdio.h>

#include "timers/beat.h"
#include "timers/clocks.h"
#include "tools/external.h"
#include "tools/option.h"

#define TICK  (4 * NS_A_MS) /* CONFIG_HZ=250 */
#define TICKS 200
#define WAKES 1000

static void tell(const char *what, unsigned cpu, uint64_t n)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_cpu%u", what, cpu);
	external_info(key, "%llu", (unsigned long long)n);
}

/* Has this CPU been there all the time, for 40 ms? */
static bool runs_through(void)
{
	uint64_t last = clocks_now(CLOCK_MONOTONIC), end = last + 40 * NS_A_MS, now;

	for (; last < end; last = now) {
		now = clocks_now(CLOCK_MONOTONIC);
		if (now - last > NS_A_MS)
			return false;
	}
	return true;
}

/*
 * The soft lockup detector's timer comes every 4 s on each CPU. And under --icount, on QEMU 7.2, a
 * CPU that computes takes whole ticks from the others (docs/scheduling.md): here that is the
 * service CPU, until the SVSM has made its TPM.
 */
static void be_alone(void)
{
	file_write("/proc/sys/kernel/watchdog", "0");
	while (option_number("timers.exact", 0) && !runs_through())
		;
}

/* A tick comes at each multiple of its period (kernel/time/tick-sched.c, tick_init_jiffy_update())
 * while the CPU is at work; readings in the middle between two leave no doubt about which. */
static uint64_t ticks_of(unsigned cpu)
{
	uint64_t begin = (clocks_now(CLOCK_MONOTONIC) / TICK + 2) * TICK + TICK / 2, before;

	clocks_sleep_until(begin - TICK);
	while (clocks_now(CLOCK_MONOTONIC) < begin)
		;
	before = interrupts_on("LOC:", cpu);
	while (clocks_now(CLOCK_MONOTONIC) < begin + TICKS * TICK)
		;
	return interrupts_on("LOC:", cpu) - before;
}

EXTERNAL_TEST(ticks, "ticks", "a CPU at work gets 200 ticks in 800 ms")
{
	be_alone();
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		uint64_t n;

		CHECK(cpus_pin(cpu));
		external_log("CPU %u", cpu); /* the agent looks again after a second of silence */
		n = ticks_of(cpu);
		tell("ticks", cpu, n);
		CHECK(n > 0);
		if (option_number("timers.exact", 0))
			CHECK_EQ(n, TICKS);
	}
}

EXTERNAL_TEST(wakes, "wakes", "a timer of 1 kHz wakes an idle CPU 1,000 times in a second")
{
	be_alone();
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		struct beat b;

		CHECK(cpus_pin(cpu));
		b = beat_here(WAKES);
		tell("wakes", cpu, b.wakes);
		CHECK_EQ(b.early, 0);
		CHECK_EQ(b.lost, 0);
		if (option_number("timers.exact", 0))
			CHECK_EQ(b.wakes, WAKES);
	}
}
