/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Which clocks and timers Linux has chosen, and what it says about them. */
#include <stdio.h>
#include <string.h>

#include "timers/clocks.h"
#include "timers/words.h"
#include "tools/external.h"

#define SOURCES "/sys/devices/system/clocksource/clocksource0/"

static char text[65536];

/* Documentation/virt/kvm/x86/cpuid.rst: kvmclock; ACPI 6.5, 5.2.9 (PM timer) and IA-PC HPET 1.0a,
 * 3.2.4: the tables tell of the other two. Linux puts the best one first. */
EXTERNAL_TEST(sources, "clocksource",
	      "kvm-clock is the clock, and TSC, HPET and PM timer are there")
{
	char now[32];

	CHECK(!strcmp(file_text(SOURCES "current_clocksource", now, sizeof(now)), "kvm-clock"));
	CHECK(!strcmp(file_text(SOURCES "available_clocksource", text, sizeof(text)),
		      "kvm-clock tsc hpet acpi_pm"));
	external_info("clocksources", "%s: %s", now, text);
}

/* The device of one CPU's tick in /proc/timer_list. */
static bool ticks_by(unsigned cpu, const char *device)
{
	char head[64], line[64];
	const char *p;

	snprintf(head, sizeof(head), "Per CPU device: %u\n", cpu);
	snprintf(line, sizeof(line), "Clock Event Device: %s\n", device);
	p = strstr(text, head);
	return p && !strncmp(p + strlen(head), line, strlen(line));
}

EXTERNAL_TEST(events, "clockevent", "every CPU's tick is the TSC deadline of its local APIC")
{
	file_text("/proc/timer_list", text, sizeof(text));
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++)
		if (!ticks_by(cpu, "lapic-deadline"))
			external_fail(EXTERNAL_HERE, "CPU %u has another device", cpu);
	CHECK(strstr(text, "Broadcast device\nClock Event Device: hpet\n"));
}

/* AMDESE/AMDSEV issue 264: with an SVSM and more CPUs than two a guest stopped in early boot. */
EXTERNAL_TEST(smp, "amdsev-264-early-boot", "a boot with four vCPUs goes past the start of CPUs")
{
	CHECK_EQ(cpus_online(), 4);
	for (unsigned cpu = 0; cpu < cpus_online(); cpu++) {
		uint64_t before = interrupts_on("LOC:", cpu);

		CHECK(cpus_pin(cpu));
		clocks_sleep_until(clocks_now(CLOCK_MONOTONIC) + 20 * NS_A_MS);
		CHECK(interrupts_on("LOC:", cpu) > before);
	}
}

static unsigned counted;

static void count(const char *line)
{
	(void)line;
	counted++;
}

/* Lines as kernels have said them, in the reports that the regressions are named for. */
EXTERNAL_TEST(finds, "complaints-are-found", "the search for complaints of the kernel finds them")
{
	static const char *const said[] = {
		"clocksource: Marking clocksource 'tsc-early' as unstable because the skew is too "
		"large:",
		"clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable",
		"tsc: Marking TSC unstable due to clocksource watchdog",
		"sched_clock: Marking unstable (31, 4)<-(35, 14)",
		"Measured 1834 cycles TSC warp between CPUs, turning off TSC clock.",
		"..MP-BIOS bug: 8254 timer not connected to IO-APIC",
		"hpet: HPET counter not counting. Trying to work around a timer bug",
		"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [swapper/1:0]",
	};
	static const char *const not_said[] = {
		"clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x233fc319723",
		"NMI watchdog: Perf NMI watchdog permanently disabled",
		"clocksource: Switched to clocksource kvm-clock",
		"sched_clock: Marking stable (12665182771, 7584224303)->(35151797372, -1)",
	};

	for (unsigned i = 0; i < ARRAY_LEN(said); i++)
		CHECK(words_in(said[i]));
	for (unsigned i = 0; i < ARRAY_LEN(not_said); i++)
		CHECK(!words_in(not_said[i]));
	CHECK(file_write("/dev/kmsg", "a test's words: Marking TSC unstable\n"));
	CHECK(words_look(true, count));
	CHECK(counted > 0);
}
