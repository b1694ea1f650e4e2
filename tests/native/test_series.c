/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Exits as they come: each is in one line, whenever it is read, and lines do not grow too long.
 *
 * sources: launch/machine/hv/state/series.c svsm/lib/fmt.c
 */
#include "machine/hv/state/series.h"
#include "machine/cpu/exit_cause.h"
#include "machine/cpu/exit_count.h"
#include "machine/host/log.h"
#include "machine/host/options.h"
#include "machine/host/time.h"
#include "base/x86.h"
#include "lib/fmt.h"
#include "tests/native/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host_options host_options;
static struct vcpu cpus[2];
struct vcpu *machine_vcpus[HOST_MAX_CPUS] = {&cpus[0], &cpus[1]};
unsigned machine_vcpu_count = 2;
static uint64_t counts[2][VMPL_COUNT][EXIT_SLOTS];
static char lines[64][LOG_LINE_MAX];
static unsigned line_count;

uint64_t host_tsc_khz(void)
{
	return 1; /* a sample ends at once, as 200 ticks have passed */
}

uint64_t exit_cause_seen(const struct exit_causes *e, unsigned vmpl, unsigned slot)
{
	return counts[e == (const void *)&cpus[1]][vmpl][slot];
}

const char *exit_count_name(unsigned slot)
{
	return slot == 3 ? "hlt" : slot == 7 ? "a_long_name_of_a_reason" : NULL;
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(lines[line_count++ % 64], LOG_LINE_MAX, fmt, ap);
	va_end(ap);
}

/* Until a sample was taken: the first look only begins one. */
static void sample(void)
{
	uint64_t due;

	line_count = 0;
	due = series_look();
	while (rdtsc() < due)
		;
	series_look();
}

TEST(nothing_without_the_option)
{
	CHECK_EQ(series_look(), 0);
	CHECK_EQ(line_count, 0);
}

TEST(what_came_since_the_last_sample)
{
	cpus[0].causes = (void *)&cpus[0];
	cpus[1].causes = (void *)&cpus[1];
	host_options.series = true;
	counts[0][0][3] = 5;
	counts[1][0][3] = 2;
	counts[1][2][9] = 1;
	sample();
	CHECK_EQ(line_count, 2);
	CHECK_STR(lines[0], "series: vmpl0 hlt 7");
	CHECK_STR(lines[1], "series: vmpl2 0x9 1");
	sample();
	CHECK_EQ(line_count, 0);
	counts[0][0][3]++;
	sample();
	CHECK_EQ(line_count, 1);
	CHECK_STR(lines[0], "series: vmpl0 hlt 1");
}

/* All pairs are told, in lines that the log does not cut. */
TEST(many_reasons)
{
	unsigned pairs = 0;

	for (unsigned s = 0; s < EXIT_SLOTS; s++)
		counts[0][1][s] += 1000000000000ull + s;
	sample();
	CHECK(line_count > 10);
	for (unsigned i = 0; i < line_count; i++) {
		CHECK(strncmp(lines[i], "series: vmpl1 ", 14) == 0);
		CHECK(strlen(lines[i]) < LOG_LINE_MAX - 40);
		for (const char *at = lines[i]; (at = strstr(at, " 10000")); at++)
			pairs++;
	}
	CHECK_EQ(pairs, EXIT_SLOTS);
}
