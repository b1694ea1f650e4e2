/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The clocks against each other: none goes back, none is faster than another, and all vCPUs see the
 * same order. Each reading of a clock lies between two of the TSC, which bound it however long the
 * host took.
 */
#include "bare/timer/clocks.h"
#include "bare/timer/timer.h"
#include "base/x86.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

/* How far two rates may be apart: NTP disciplines a clock by 500 ppm at most (Linux, MAXFREQ), and
 * the host may do so to one of its clocks while the machine measures the TSC by another. */
#define PPM        1000
#define ROUNDED_NS 1000 /* a tick of the PM timer, 279 ns, at either end, and of the others */

struct reading {
	uint64_t before, value, after; /* TSC, the clock, TSC */
};

static struct reading reading(enum clock c)
{
	struct reading r = {.before = rdtsc()};

	r.value = clock_read(c);
	r.after = rdtsc();
	return r;
}

static void begin(void)
{
	timer_begin();
	if (!clocks_begin())
		test_skip("a clock is not there");
}

static void end(void)
{
	clocks_end();
	timer_end();
}

TEST(forward, "clocks-forward", "no clock goes back, and each goes on", "keelson:timer:clocks")
{
	begin();
	for (enum clock c = 0; c < CLOCK_COUNT; c++) {
		uint64_t first = clock_read(c), last = first;

		test_case("%s", clock_name(c));
		for (unsigned i = 0; i < 100; i++) {
			uint64_t now = clock_read(c);

			/* half of its range would be 2.3 s, for the PM timer */
			if (((now - last) & clock_mask(c)) > clock_mask(c) / 2)
				CHECK_GE(now, last);
			last = now;
		}
		CHECK_NE(last, first);
		CHECK_LE(last, clock_mask(c));
	}
	end();
}

static void compare(enum clock c, struct reading a, struct reading b)
{
	uint64_t least = timer_ns(b.before - a.after), most = timer_ns(b.after - a.before);
	uint64_t ns = clock_ns(c, a.value, b.value);

	CHECK_GE(ns + ROUNDED_NS + most * PPM / 1000000, least);
	CHECK_LE(ns, most + ROUNDED_NS + most * PPM / 1000000);
}

TEST(rates, "clocks-rate", "TSC, kvmclock, PM timer and HPET go at one rate",
     "keelson:timer:clocks")
{
	struct reading first[CLOCK_COUNT];

	begin();
	for (enum clock c = 0; c < CLOCK_COUNT; c++)
		first[c] = reading(c);
	timer_hold(20000);
	for (enum clock c = 0; c < CLOCK_COUNT; c++) {
		struct reading last = reading(c);

		test_case("%s", clock_name(c));
		compare(c, first[c], last);
	}
	end();
}

/* The APIC's timer counts down at 1 GHz divided. */
TEST(apic_rate, "clocks-apic", "the APIC's timer goes at the TSC's rate, for 20 ms",
     "keelson:timer:clocks")
{
	uint64_t before, start, count, last, after;

	timer_begin();
	timer_start(APIC_LVT_MASKED, 0);
	before = rdtsc();
	apic_write(APIC_TMICT, 0xffffffff);
	start = rdtsc();
	timer_hold(20000);
	last = rdtsc();
	count = 0xffffffff - apic_read(APIC_TMCCT);
	after = rdtsc();
	if (count < 0xffffffff) { /* the host slept for longer than 4 s */
		CHECK_GE(count + 2, timer_ns(last - start));
		CHECK_LE(count, timer_ns(after - before) + 2);
	}
	timer_end();
}

/* ---- two vCPUs: the one that reads later reads no earlier time ---- */

#define HANDOVERS 100

static struct {
	uint32_t turn; /* whose it is: an even one is vCPU 0's */
	uint64_t last, backwards;
	enum clock clock;
} relay;

static void relay_run(unsigned me)
{
	for (uint32_t i = me; i < HANDOVERS; i += 2) {
		uint64_t now;

		while (__atomic_load_n(&relay.turn, __ATOMIC_ACQUIRE) != i && !smp_dead())
			cpu_relax();
		now = clock_read(relay.clock);
		if (((now - relay.last) & clock_mask(relay.clock)) > clock_mask(relay.clock) / 2)
			relay.backwards++;
		relay.last = now;
		__atomic_store_n(&relay.turn, i + 1, __ATOMIC_RELEASE);
	}
}

static void relay_other(void *arg)
{
	(void)arg;
	if (!CHECK(clocks_begin()))
		return;
	smp_meet();
	for (unsigned c = 0; c < CLOCK_COUNT; c++) {
		smp_meet();
		relay_run(1);
		smp_meet();
	}
	clocks_end();
}

/* What Linux takes for a reason to call a TSC unstable is a step back between two processors. */
TEST(order, "clocks-unstable", "two vCPUs in turn, 100 times a clock: none sees it go back",
     "keelson:timer:clocks")
{
	begin();
	smp_start();
	smp_run(relay_other, NULL);
	smp_meet();
	for (enum clock c = 0; c < CLOCK_COUNT; c++) {
		test_case("%s", clock_name(c));
		relay.clock = c;
		relay.turn = 0;
		relay.backwards = 0;
		relay.last = clock_read(c);
		smp_meet();
		relay_run(0);
		smp_meet();
		CHECK_EQ(relay.backwards, 0);
	}
	CHECK(smp_wait(20));
	end();
}
