/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The CMOS clock, and its alarm by IRQ 8: rtc(4). */
#include <fcntl.h>
#include <linux/rtc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "timers/clocks.h"
#include "tools/external.h"

#define APART 5 /* s: a reading is a whole second, and so was the one that set the clock */

static time_t seconds(const struct rtc_time *t)
{
	struct tm tm = {.tm_sec = t->tm_sec,
			.tm_min = t->tm_min,
			.tm_hour = t->tm_hour,
			.tm_mday = t->tm_mday,
			.tm_mon = t->tm_mon,
			.tm_year = t->tm_year};

	return timegm(&tm);
}

static int open_rtc(void)
{
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		external_fail(EXTERNAL_HERE, "no /dev/rtc0");
	return fd;
}

EXTERNAL_TEST(rtc_time, "rtc-time", "the CMOS clock says the time that the system's clock says")
{
	time_t before = time(NULL), now, after;
	struct rtc_time t;
	int fd = open_rtc();

	CHECK_EQ(ioctl(fd, RTC_RD_TIME, &t), 0);
	now = seconds(&t);
	after = time(NULL);
	if (now < before - APART || now > after + APART)
		external_fail(EXTERNAL_HERE, "%lld s by the clock, %lld to %lld by the system",
			      (long long)now, (long long)before, (long long)after);
	close(fd);
}

EXTERNAL_TEST(rtc_alarm, "rtc-alarm",
	      "the CMOS clock's alarm comes by IRQ 8, and not before its time")
{
	struct rtc_wkalrm alarm = {.enabled = 1};
	unsigned long what = 0;
	struct rtc_time t;
	uint64_t before = interrupts("8:");
	int fd = open_rtc();
	time_t end;
	struct tm *tm;

	CHECK_EQ(ioctl(fd, RTC_RD_TIME, &t), 0);
	end = seconds(&t) + 2;
	tm = gmtime(&end);
	memcpy(&alarm.time, tm, 9 * sizeof(int)); /* rtc(4): struct rtc_time begins as struct tm */
	CHECK_EQ(ioctl(fd, RTC_WKALM_SET, &alarm), 0);
	CHECK_EQ(read(fd, &what, sizeof(what)), sizeof(what));
	CHECK(what & RTC_AF);
	CHECK_EQ(what >> 8, 1);
	CHECK_EQ(ioctl(fd, RTC_RD_TIME, &t), 0);
	CHECK(seconds(&t) >= end);
	CHECK(interrupts("8:") > before);
	close(fd);
}
