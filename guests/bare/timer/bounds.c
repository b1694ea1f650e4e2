/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The ends of what may be written: counts, deadlines and periods. */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

static void count_taken_back(void)
{
	timer_start(0, TIMER_NEVER_US * 1000);
	apic_write(APIC_TMICT, 0);
}

TEST(count_zero, "count-zero", "a count of 0 stops the timer, and starts none",
     "keelson:timer:count-bounds")
{
	timer_begin();
	timer_start(0, 0);
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	timer_never(count_taken_back);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	timer_end();
}

TEST(count_one, "count-one", "a count of 1 fires at once, once", "keelson:timer:count-bounds")
{
	timer_begin();
	for (unsigned i = 1; i <= 20; i++) {
		timer_start(0, 1);
		CHECK(timer_until(i, 20));
	}
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), 20);
	timer_end();
}

TEST(count_largest, "count-largest", "the largest count divided by 128 falls, and does not fire",
     "keelson:timer:count-bounds")
{
	uint64_t first, last;

	timer_begin();
	timer_start(0, 0);
	apic_write(APIC_TDCR, 0xa);
	apic_write(APIC_TMICT, 0xffffffff);
	first = apic_read(APIC_TMCCT);
	timer_pass(5000);
	last = apic_read(APIC_TMCCT);
	CHECK_LE(last, first);
	CHECK_GE(last, 0x80000000); /* half of it are 275 s */
	CHECK_EQ(apic_read(APIC_TMICT), 0xffffffff);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	timer_end();
}

TEST(deadline_past, "deadline-past", "a deadline of the past or of now fires at once, once",
     "keelson:timer:deadline-bounds")
{
	uint64_t n = 0;

	timer_begin();
	timer_mode(APIC_LVT_DEADLINE);
	for (unsigned i = 0; i < 30; i++) {
		uint64_t now = rdtsc();
		const uint64_t past[] = {1, now / 2, now - 1, now, now + 1};

		CHECK(timer_deadline_set(past[i % ARRAY_LEN(past)]));
		CHECK(timer_until(++n, 20));
		CHECK_EQ(timer_deadline(), 0);
	}
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), n);
	timer_end();
}

static void deadline_taken_back(void)
{
	timer_mode(APIC_LVT_DEADLINE);
	timer_deadline_set(rdtsc() + timer_ticks(TIMER_NEVER_US));
	timer_deadline_set(0);
}

TEST(deadline_never, "deadline-never",
     "0 disarms; the farthest deadlines wait, and the guest works", "keelson:timer:deadline-bounds")
{
	static const uint64_t far[] = {1ull << 62, (1ull << 63) - 1, 1ull << 63, ~0ull};

	timer_begin();
	timer_mode(APIC_LVT_DEADLINE);
	for (unsigned i = 0; i < ARRAY_LEN(far); i++) {
		test_case("deadline %#llx", (unsigned long long)far[i]);
		CHECK(timer_deadline_set(far[i]));
		CHECK_EQ(timer_deadline(), far[i]);
		timer_pass(1000);
		CHECK_EQ(timer_hits(VEC_TIMER), 0);
		CHECK_EQ(timer_deadline(), far[i]);
	}
	timer_never(deadline_taken_back);
	timer_end();
}

/* KVM's min_timer_period_us, 200: Linux, arch/x86/kvm/lapic.c, limit_periodic_timer_frequency().
 * Ticks merge, so that there may be fewer. */
TEST(period_least, "period-least",
     "a period below 200 us becomes one of 200 us; no count exceeds TMICT",
     "keelson:timer:least-period")
{
	uint64_t start, n;

	timer_begin();
	start = rdtsc();
	timer_start(APIC_LVT_PERIODIC, 1000);
	for (unsigned i = 0; i < 10; i++)
		CHECK_LE(apic_read(APIC_TMCCT), 1000);
	CHECK_EQ(apic_read(APIC_TMICT), 1000);
	CHECK(timer_until(10, 20));
	for (n = 1; n <= 10; n++)
		CHECK_GE(timer_tick(n) - start, timer_ticks(n * 200));
	timer_end();
}

/* The count that becomes a period is below 200 us itself, so the host has to be quick. */
TEST(period_least_later, "period-least-later",
     "so does a one-shot count of 190 us that becomes periodic", "keelson:timer:least-period")
{
	struct patience p = smp_patience(60);
	uint64_t start;

	timer_begin();
	do {
		timer_settle();
		start = rdtsc();
		apic_write(APIC_TMICT, 190000);
		timer_mode(APIC_LVT_PERIODIC);
	} while (!timer_in_time(start, 190) && !smp_patience_over(&p));
	CHECK(timer_until(10, 20));
	for (unsigned n = 2; n <= 10; n++)
		CHECK_GE(timer_tick(n) - start, timer_ticks(190 + (n - 1) * 200));
	timer_end();
}
