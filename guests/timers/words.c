/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The words are those of Linux 6.12: kernel/time/clocksource.c and tick-*.c, arch/x86/kernel/tsc.c,
 * tsc_sync.c, hpet.c, apic/apic.c and io_apic.c, kernel/watchdog.c, kernel/rcu/tree_stall.h. Left
 * out is what a busy host brings about by itself: "hrtimer: interrupt took", and the watchdog's
 * words that it could not judge.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timers/words.h"

#define FACILITY_SHIFT 3 /* RFC 5424, 6.2.1; 0 is the kernel */

static const char *const words[] = {
	"as unstable",
	"TSC unstable",
	"sched_clock: Marking unstable",
	"timekeeping watchdog",
	"TSC warp",
	"Clocksource tsc unstable",
	"Fast TSC calibration failed",
	"PIT calibration deviates",
	"HPET too slow",
	"failed consistency check", /* acpi_pm */
	"inconsistent results",     /* acpi_pm */
	"counter not counting",     /* HPET */
	"Trying to work around a timer bug",
	"timer not connected to IO-APIC",
	"IO-APIC + timer doesn't work",
	"does not work as expected",
	"APIC timer disabled",
	"APIC frequency too slow",
	"rtc interrupts", /* "hpet1: lost N rtc interrupts" */
	"soft lockup",
	"hard LOCKUP",
	"detected stalls",
	"self-detected stall",
	"timer wakeup didn't happen",
	"do_boot_cpu failed",
};

const char *words_in(const char *line)
{
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(line, words[i]))
			return words[i];
	return NULL;
}

/* "PRIORITY,SEQUENCE,...;TEXT\n": Documentation/ABI/testing/dev-kmsg */
static void look_at(char *record, bool written, void (*found)(const char *line))
{
	char *text = strchr(record, ';');

	if (!text || (strtoul(record, NULL, 10) >> FACILITY_SHIFT && !written))
		return;
	text[strcspn(text, "\n")] = 0;
	if (words_in(text))
		found(text + 1);
}

bool words_look(bool written, void (*found)(const char *line))
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	ssize_t len;

	if (fd < 0)
		return false;
	/* EPIPE: records were overwritten before we came; the next read goes on after them. */
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = 0;
		look_at(record, written, found);
	}
	close(fd);
	return true;
}
