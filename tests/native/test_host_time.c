/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The rate of the TSC, on a host that stops the machine in the middle of finding it; and the timer,
 * for deadlines as far as a guest may ask for.
 *
 * sources: launch/machine/host/time.c
 */
#include "machine/host/time.h"
#include "base/x86.h"
#include "machine/host/lapic.h"
#include "machine/host/percpu.h"
#include "machine/host_assert.h"
#include "tests/native/check.h"

#include <asm/prctl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RATIO 2 /* TSC ticks for one of the timer */

static uint64_t started; /* TSC */
static uint32_t count;

/* One-shot: it counts down to 0 and stays there. */
uint32_t lapic_timer_read(void)
{
	uint64_t passed = (rdtsc() - started) / RATIO;

	return passed < count ? count - (uint32_t)passed : 0;
}

void lapic_timer_set(uint32_t ticks)
{
	started = rdtsc();
	count = ticks;
}

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

static bool is_right(void)
{
	uint64_t right = (uint64_t)LAPIC_TIMER_KHZ * RATIO, khz = host_tsc_khz();

	return khz > right - right / 100 && khz < right + right / 100;
}

TEST(the_rate_is_that_of_the_two_clocks)
{
	time_calibrate_begin();
	time_calibrate_finish();
	CHECK(is_right());
}

/* The timer is over in 4 s, and does not tell for how long it has been. */
TEST(a_pause_that_is_longer_than_the_timer_spoils_nothing)
{
	time_calibrate_begin();
	started -= 30ull * 1000 * LAPIC_TIMER_KHZ * RATIO;
	time_calibrate_finish();
	CHECK(is_right());
}

/* A TSC deadline is a guest's and has 64 bits. A timer that took the farthest ones for the past
 * would fire for ever, and the guest would not run. */
TEST(the_farthest_deadline_is_not_the_past)
{
	static const uint64_t deadlines[] = {1ull << 62, 1ull << 63, ~0ull};
	struct percpu p = {.self = &p};

	syscall(SYS_arch_prctl, ARCH_SET_GS, &p);
	time_calibrate_begin();
	time_calibrate_finish();
	for (unsigned i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		check_context("deadline %#llx", (unsigned long long)deadlines[i]);
		host_timer_arm(deadlines[i]);
		CHECK(count > LAPIC_TIMER_KHZ);
		time_fired(); /* the longest that the timer counts is over: it goes on */
		CHECK(count > LAPIC_TIMER_KHZ);
		CHECK_EQ(p.deadline, deadlines[i]);
	}
	host_timer_arm(1);
	CHECK_EQ(count, 1);
	time_fired();
	CHECK_EQ(p.deadline, 0);
}
