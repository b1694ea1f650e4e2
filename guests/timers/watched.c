/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A clock under the kernel's watchdog. For runs in which time goes by instructions: elsewhere the
 * host's pauses are in the comparison. Nothing brings kvm-clock back: the last test of its boot. */
#include <string.h>

#include "timers/clocks.h"
#include "timers/words.h"
#include "tools/external.h"

#define SOURCES "/sys/devices/system/clocksource/clocksource0/"

static void complain(const char *line)
{
	external_fail(EXTERNAL_HERE, "the kernel says: %s", line);
}

/* harvester 7724, acrn-kernel 257: the watchdog looks twice a second, from one CPU after the other,
 * and condemns a TSC that is 125 us away from what it is compared with. */
EXTERNAL_TEST(watched, "acrn-257-watched-by-hpet",
	      "without kvm-clock the TSC is the clock, and stands the comparison with the HPET")
{
	uint64_t end;
	char now[32];

	CHECK(file_write(SOURCES "unbind_clocksource", "kvm-clock"));
	end = clocks_now(CLOCK_MONOTONIC) + 4 * NS_A_SECOND;
	for (unsigned cpu = 0; clocks_now(CLOCK_MONOTONIC) < end; cpu = (cpu + 1) % cpus_online()) {
		CHECK(cpus_pin(cpu));
		clocks_sleep_until(clocks_now(CLOCK_MONOTONIC) + 50 * NS_A_MS);
	}
	CHECK(!strcmp(file_text(SOURCES "current_clocksource", now, sizeof(now)), "tsc"));
	CHECK(words_look(false, complain));
}
