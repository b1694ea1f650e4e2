/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Fail-stop: which CPU reports, when the others end, and what none of them does any more. One
 * thread plays all CPUs. A termination is a jump out of the code that asks for it.
 *
 * sources: svsm/cpu/failstop.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "tests/native/check.h"
#include "tests/native/gs.h"
#include "base/x86.h"
#include "cpu/failstop.h"
#include "cpu/timer.h"
#include "log/log.h"
#include "platform/platform.h"

#define CPUS 3

static struct cpu cpus[CPUS];
static jmp_buf end;
static unsigned ends, drains;
static char line[128];

NORETURN static void terminate(unsigned set, unsigned reason)
{
	CHECK_EQ(set, 0);
	CHECK_EQ(reason, 0);
	ends++;
	longjmp(end, 1);
}

static const struct platform_ops ops = {.terminate = terminate};
const struct platform_ops *platform = &ops;

/* At first the report's 5 s are 5,000,000 ticks, which pass in an instant. */
static uint64_t khz = 1000;

uint64_t timer_khz(void)
{
	return khz;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	CHECK_EQ(level, LOG_ERROR);
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
}

void log_drain_last(void)
{
	drains++;
}

/* What failstop.c knows lasts for the whole run, as in the SVSM: so there is one test, in order. */
static bool ended(void (*what)(void))
{
	unsigned before = ends;

	if (!setjmp(end))
		what();
	return ends != before;
}

static void as(unsigned cpu)
{
	gs_become(&cpus[cpu]);
}

static void first_panics(void)
{
	CHECK(!ended(failstop_check)); /* nobody has panicked */
	as(1);
	cpus[1].panic_depth = 1;
	CHECK(failstop_begin());
	CHECK_EQ(failstop_by, 2);
	CHECK(!ended(failstop_check)); /* its own panic does not stop it */
	cpus[1].panic_depth = 2;
	CHECK(failstop_begin()); /* and a panic in it is still its own */
}

/* Nobody has reported, so it waits for the whole bound and then ends all the same. */
static void others_do_not_wait_for_ever(void)
{
	uint64_t start = rdtsc();

	as(0);
	CHECK(ended(failstop_check));
	CHECK(rdtsc() - start >= 5000000);
	CHECK_EQ(drains, 1);
	CHECK_STR(line, "stopped, because CPU 1 has panicked");
}

static void second_panics(void)
{
	uint64_t start = rdtsc();

	as(2);
	cpus[2].panic_depth = 1;
	CHECK(!failstop_begin());
	CHECK(rdtsc() - start >= 5000000);
	CHECK_EQ(failstop_by, 2);
	failstop_reported(); /* it says nothing of the first one's report */
	start = rdtsc();
	CHECK(!failstop_begin());
	CHECK(rdtsc() - start >= 5000000);
}

static void reported(void)
{
	uint64_t start = rdtsc();

	khz = 10000000; /* so long that no pause of this thread is taken for the wait */
	as(1);
	failstop_reported();
	as(2);
	CHECK(!failstop_begin());
	cpus[0].panic_depth = 0;
	as(0);
	CHECK(ended(failstop_check));
	CHECK(rdtsc() - start < khz * 5000);
}

TEST(the_first_panic_stops_all_and_only_it_reports)
{
	for (unsigned i = 0; i < CPUS; i++)
		cpus[i].index = i;
	as(0);
	first_panics();
	others_do_not_wait_for_ever();
	second_panics();
	reported();
}
