/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Mask, task priority, interrupts in service: what holds back the timer's interrupt, and how many
 * come of it. APM vol. 2, 16.4.1, 16.6.3 and 16.6.4. */
#include "bare/timer/timer.h"
#include "base/x86.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

TEST(masked, "masked", "a masked timer counts, and its interrupt is not made up for",
     "keelson:timer:mask")
{
	timer_begin();
	timer_start(APIC_LVT_MASKED, 500000);
	CHECK_NE(apic_read(APIC_TMICT), 0);
	timer_pass(2000);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	timer_mode(0);
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	timer_mode(APIC_LVT_DEADLINE | APIC_LVT_MASKED);
	CHECK(timer_deadline_set(rdtsc() + timer_ticks(500)));
	timer_pass(2000);
	CHECK_EQ(timer_deadline(), 0);
	timer_mode(APIC_LVT_DEADLINE);
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	timer_end();
}

TEST(unmasked, "unmasked", "unmasked while it counts, the timer fires when it would have",
     "keelson:timer:mask")
{
	struct patience p = smp_patience(60);
	uint64_t start;

	timer_begin();
	do {
		timer_settle();
		start = rdtsc();
		timer_start(APIC_LVT_MASKED, 20000000);
		timer_mode(0);
		timer_mode(APIC_LVT_MASKED);
		timer_mode(0);
	} while (!timer_in_time(start, 20000) && !smp_patience_over(&p));
	CHECK(timer_until(1, 20));
	CHECK_GE(timer_tick(1) - start, timer_ticks(20000));
	do {
		timer_settle();
		timer_mode(APIC_LVT_DEADLINE | APIC_LVT_MASKED);
		start = rdtsc();
		CHECK(timer_deadline_set(start + timer_ticks(20000)));
		timer_mode(APIC_LVT_DEADLINE);
	} while (!timer_in_time(start, 20000) && !smp_patience_over(&p));
	CHECK(timer_until(1, 20));
	CHECK_GE(timer_tick(1) - start, timer_ticks(20000));
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), 1);
	timer_end();
}

/* SVR bit 8 clear masks every entry, for good: APM vol. 2, 16.4.7. */
TEST(software_disabled, "software-disabled", "an APIC that software disables masks the timer",
     "keelson:timer:mask")
{
	timer_begin();
	timer_start(APIC_LVT_PERIODIC, 500000);
	CHECK(apic_write(APIC_SVR, 0xff));
	CHECK_EQ(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED, APIC_LVT_MASKED);
	timer_mode(APIC_LVT_PERIODIC);
	CHECK_EQ(apic_read(APIC_LVT_TIMER) & APIC_LVT_MASKED, APIC_LVT_MASKED);
	CHECK(apic_write(APIC_SVR, 0x1ff));
	timer_pass(0); /* one may have come before */
	CHECK_LE(timer_hits(VEC_TIMER), 1);
	timer_settle();
	timer_start(APIC_LVT_PERIODIC, 500000);
	CHECK(timer_until(2, 20));
	timer_end();
}

/* TPR's class and those below it wait; the class above does not. */
TEST(task_priority, "task-priority",
     "TPR of the timer's class holds it back, the class below does not",
     "apm:apic:tpr keelson:timer:due")
{
	timer_begin();
	CHECK(apic_write(APIC_TPR, VEC_TIMER & 0xf0));
	CHECK_EQ(apic_read(APIC_PPR), VEC_TIMER & 0xf0);
	timer_start(0, 100000);
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	CHECK(timer_requested(VEC_TIMER));
	CHECK(apic_write(APIC_TPR, (VEC_TIMER & 0xf0) - 1));
	CHECK(timer_until(1, 20));
	timer_start(0, 100000);
	CHECK(timer_until(2, 20));
	CHECK(apic_write(APIC_TPR, 0xff));
	timer_start(0, 100000);
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 2);
	CHECK(apic_write(APIC_TPR, 0));
	CHECK(timer_until(3, 20));
	timer_pass(1000);
	CHECK_EQ(timer_hits(VEC_TIMER), 3);
	timer_end();
}

/* Four requests while interrupts are off: the class decides, then the vector within it. */
TEST(order, "order", "with others that wait the timer's interrupt has its place by vector",
     "apm:apic:priority")
{
	timer_begin();
	timer_start(0, 1000);
	timer_hold(1000);
	apic_write(APIC_SELF_IPI, VEC_LOW);
	apic_write(APIC_SELF_IPI, VEC_SAME);
	apic_write(APIC_SELF_IPI, VEC_HIGH);
	CHECK(timer_requested(VEC_TIMER));
	apic_write(APIC_TPR, VEC_HIGH - 0x10);
	timer_pass(0);
	CHECK_EQ(timer_hits(VEC_HIGH), 1);
	CHECK_EQ(timer_hits(VEC_SAME), 0);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
	apic_write(APIC_TPR, VEC_LOW);
	CHECK(timer_until(1, 20));
	CHECK_EQ(timer_hits(VEC_SAME), 1);
	CHECK_EQ(timer_hits(VEC_LOW), 0);
	apic_write(APIC_TPR, 0);
	timer_pass(100);
	CHECK_EQ(timer_hits(VEC_LOW), 1);
	timer_end();
}

/* IRR has one bit a vector: what comes while it is set is the same request. */
TEST(merged, "merged", "periods that pass with interrupts off are one interrupt",
     "keelson:timer:merged keelson:timer:due")
{
	timer_begin();
	for (unsigned i = 1; i <= 5; i++) {
		timer_start(APIC_LVT_PERIODIC, 250000);
		timer_hold(2500); /* ten periods */
		timer_stop();
		CHECK(timer_requested(VEC_TIMER));
		timer_pass(1000);
		CHECK_EQ(timer_hits(VEC_TIMER), i);
	}
	timer_end();
}

/* In service until the EOI, so that IRR takes one more: the handler's own time is two ticks. */
static void hold_first(uint64_t n)
{
	if (n != 1)
		return;
	timer_hold(2500);
	timer_stop();
}

TEST(merged_in_service, "merged-in-service",
     "a handler that takes ten periods is called once more, not ten times", "keelson:timer:merged")
{
	timer_begin();
	timer_hook(hold_first);
	timer_start(APIC_LVT_PERIODIC, 250000);
	CHECK(timer_until(2, 20));
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 2);
	timer_end();
}

static void next_deadline(uint64_t n)
{
	timer_deadline_set(n < 40 ? rdtsc() + timer_ticks(n % 2 ? 200 : 0) : 0);
}

static void next_count(uint64_t n)
{
	apic_write(APIC_TMICT, n < 40 ? 1 + n % 2 * 200000 : 0);
}

static void stop_at_five(uint64_t n)
{
	if (n == 5)
		timer_stop();
}

/* The old one has ended, so that each write is one interrupt. */
TEST(handler, "handler", "the handler sets the next deadline or count, 40 times, or ends the timer",
     "keelson:timer:handler")
{
	timer_begin();
	timer_hook(next_deadline);
	timer_mode(APIC_LVT_DEADLINE);
	CHECK(timer_deadline_set(1));
	CHECK(timer_until(40, 30));
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 40);
	timer_settle();
	timer_hook(next_count);
	timer_start(0, 1);
	CHECK(timer_until(40, 30));
	timer_pass(2000);
	CHECK_EQ(timer_hits(VEC_TIMER), 40);
	timer_settle();
	timer_hook(stop_at_five);
	timer_start(APIC_LVT_PERIODIC, 2000000);
	CHECK(timer_until(5, 30));
	timer_pass(5000);
	CHECK_LE(timer_hits(VEC_TIMER), 6); /* one more may have waited */
	timer_end();
}
