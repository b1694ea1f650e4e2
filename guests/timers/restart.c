/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A reset of the machine with timers armed on every CPU, and the alarm of the CMOS clock. One test
 * in two boots, as reset/reset.c: a file on the host tells the second that it is the second.
 */
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "timers/beat.h"
#include "timers/clocks.h"
#include "timers/words.h"
#include "tools/external.h"

#define FILE_NAME "timers.before"

static void complain(const char *line)
{
	external_fail(EXTERNAL_HERE, "before the reset the kernel says: %s", line);
}

static void before(void)
{
	uint64_t day = clocks_now(CLOCK_REALTIME);
	char answer[128];

	CHECK(words_look(false, complain));
	if (!beats_start() || external_failures() || !external_put(FILE_NAME, &day, sizeof(day)))
		return;
	if (!external_host("reset\t", answer, sizeof(answer)))
		external_fail(EXTERNAL_HERE, "the host says: %s", answer);
	sync();
	reboot(RB_AUTOBOOT);
	external_fail(EXTERNAL_HERE, "the machine was not reset");
}

EXTERNAL_TEST(reset, "beats-reset", "after a reset with timers armed, timers come on every CPU")
{
	char now[32];
	uint64_t day;

	if (external_get(FILE_NAME, &day, sizeof(day)) < 0) {
		before();
		return;
	}
	CHECK(clocks_now(CLOCK_REALTIME) >= day);
	CHECK(!strcmp(file_text("/sys/devices/system/clocksource/clocksource0/current_clocksource",
				now, sizeof(now)),
		      "kvm-clock"));
	if (beats_start())
		beats_stop("after_reset", 200);
}
