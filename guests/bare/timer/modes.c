/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The three modes: APM vol. 2, 16.4.1; TSC deadline: Intel SDM vol. 3, "TSC-Deadline Mode". */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

TEST(oneshot, "oneshot", "a one-shot count falls to 0 and fires once; so does the next",
     "apm:apic:timer-oneshot")
{
	timer_begin();
	for (unsigned i = 1; i <= 30; i++) {
		uint64_t start = rdtsc(), last = 500000;

		timer_start(0, 500000);
		for (unsigned n = 0; n < 4; n++) {
			uint64_t now = apic_read(APIC_TMCCT);

			CHECK_LE(now, last);
			last = now;
		}
		CHECK(timer_until(i, 20));
		CHECK_GE(timer_tick(i) - start, timer_ticks(500));
		CHECK_EQ(apic_read(APIC_TMCCT), 0);
		CHECK_EQ(apic_read(APIC_TMICT), 500000);
	}
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 30);
	timer_end();
}

/* Tick n is due n periods behind the start, and none comes before it is due: late ones are made up
 * for by none. */
TEST(periodic, "periodic", "tick n comes when n periods are over, and not before",
     "apm:apic:timer-periodic keelson:timer:drift")
{
	uint64_t start, end;

	timer_begin();
	start = rdtsc();
	timer_start(APIC_LVT_PERIODIC, 1000000);
	CHECK(timer_until(20, 30));
	end = rdtsc();
	for (unsigned n = 1; n <= 20; n++)
		CHECK_GE(timer_tick(n) - start, timer_ticks(n * 1000));
	CHECK_LE(timer_hits(VEC_TIMER), timer_ns(end - start) / 1000000);
	timer_stop();
	timer_pass(0); /* one may be pending */
	start = timer_hits(VEC_TIMER);
	timer_pass(3000);
	CHECK_EQ(timer_hits(VEC_TIMER), start);
	timer_end();
}

TEST(deadline, "deadline", "TSC deadline: fires when the TSC is there, once; the MSR is 0 then",
     "apm:apic:timer-deadline")
{
	timer_begin();
	timer_mode(APIC_LVT_DEADLINE);
	for (unsigned i = 1; i <= 30; i++) {
		uint64_t at = rdtsc() + timer_ticks(400);

		CHECK(timer_deadline_set(at));
		if (i % 2 && rdtsc() < at) {
			uint64_t v = timer_deadline();

			CHECK(v == at || (v == 0 && rdtsc() >= at));
			CHECK_EQ(apic_read(APIC_TMCCT), 0);
		}
		CHECK(timer_until(i, 20));
		CHECK_GE(timer_tick(i), at);
		CHECK_EQ(timer_deadline(), 0);
	}
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 30);
	timer_end();
}

static void count_to_deadline(void)
{
	timer_start(0, TIMER_NEVER_US * 1000);
	timer_mode(APIC_LVT_DEADLINE);
}

static void deadline_to_count(void)
{
	timer_mode(APIC_LVT_DEADLINE);
	timer_deadline_set(rdtsc() + timer_ticks(TIMER_NEVER_US));
	timer_mode(0);
}

TEST(mode_disarms, "mode-disarms", "into or out of TSC deadline mode the timer is disarmed",
     "keelson:timer:mode-switch")
{
	timer_begin();
	timer_never(count_to_deadline);
	CHECK_EQ(apic_read(APIC_TMICT), 0);
	timer_never(deadline_to_count);
	CHECK_EQ(timer_deadline(), 0);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	timer_end();
}

TEST(mode_goes_on, "mode-goes-on",
     "between one-shot and periodic a count runs on, and ends as the mode says",
     "keelson:timer:mode-switch")
{
	struct patience p = smp_patience(60);
	uint64_t start, n;

	timer_begin();
	do {
		timer_settle();
		start = rdtsc();
		timer_start(0, 5000000);
		timer_mode(APIC_LVT_PERIODIC);
	} while (!timer_in_time(start, 5000) && !smp_patience_over(&p));
	CHECK(timer_until(3, 20));
	CHECK_GE(timer_tick(1) - start, timer_ticks(5000));
	timer_mode(0); /* the period that runs ends, and no other begins */
	timer_pass(7500);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	timer_pass(0); /* the host's own timer may be late: by now it is requested */
	n = timer_hits(VEC_TIMER);
	timer_pass(7500);
	CHECK_EQ(timer_hits(VEC_TIMER), n);
	timer_end();
}

TEST(mode_reserved, "mode-reserved", "mode 11b is kept, and counts nothing",
     "keelson:timer:mode-reserved")
{
	timer_begin();
	timer_start(APIC_LVT_RESERVED, 100000);
	CHECK_EQ(apic_read(APIC_LVT_TIMER), APIC_LVT_RESERVED | VEC_TIMER);
	CHECK_EQ(apic_read(APIC_TMICT), 100000);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	CHECK(timer_deadline_set(rdtsc()));
	CHECK_EQ(timer_deadline(), 0);
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	timer_end();
}
