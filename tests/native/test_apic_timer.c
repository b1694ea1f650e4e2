/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC's timer in its three modes. APM vol. 2, 16.4.1; TSC deadline: Intel SDM vol. 3,
 * "TSC-Deadline Mode".
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_state.c
 * sources: svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "tests/native/fake_apic.h"

#define VECTOR   0xecu
#define PERIODIC (1u << 17)
#define DEADLINE (2u << 17)

TEST(one_shot)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec);
	apic_msr_write(&a, APIC_TDCR, 0xb); /* by 1 */
	apic_msr_write(&a, APIC_TMICT, 1000);
	CHECK_EQ(a.deadline, fake_apic.now + 2000);
	fake_apic.now += 1000;
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 500);
	apic_timer_expire(&a, fake_apic.now + 999);
	CHECK_EQ(apic_pending(&a), -1);
	fake_apic.now += 1000;
	apic_timer_expire(&a, fake_apic.now);
	CHECK_EQ(apic_pending(&a), 0xec);
	CHECK_EQ(a.deadline, 0);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0);
}

TEST(dividers)
{
	static const struct {
		uint32_t tdcr;
		unsigned by;
	} t[] = {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}};
	struct vapic a = fake_apic_fresh(true);

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		apic_msr_write(&a, APIC_TDCR, t[i].tdcr);
		apic_msr_write(&a, APIC_TMICT, 10);
		CHECK_EQ(a.deadline - fake_apic.now, 20 * t[i].by);
	}
}

TEST(periodic_catches_up_once)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t start = fake_apic.now;

	apic_msr_write(&a, APIC_LVT_TIMER, 0x200ec);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 1000000);       /* 1 ms */
	fake_apic.now = start + 7 * FAKE_APIC_KHZ + 5; /* seven periods late */
	apic_timer_expire(&a, fake_apic.now);
	CHECK_EQ(a.deadline, start + 8 * FAKE_APIC_KHZ);
	CHECK_EQ(apic_pending(&a), 0xec);
	apic_accept(&a, 0xec);
	apic_timer_expire(&a, fake_apic.now);
	apic_eoi(&a);
	CHECK_EQ(apic_pending(&a), -1);
}

/* KVM's min_timer_period_us, 200, holds for periodic mode alone: Linux, arch/x86/kvm/lapic.c,
 * limit_periodic_timer_frequency(). */
#define LEAST_PERIOD (FAKE_APIC_KHZ / 5)

static void lvt_write(struct vapic *a, uint32_t value)
{
	CHECK(apic_msr_write(a, APIC_LVT_TIMER, value));
}

TEST(periodic_has_a_least_period)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t start = fake_apic.now;

	lvt_write(&a, PERIODIC | VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 199999);
	CHECK_EQ(a.period, LEAST_PERIOD);
	CHECK_EQ(a.deadline, start + LEAST_PERIOD);
	CHECK_EQ(apic_read(&a, APIC_TMICT), 199999);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 199999); /* no count is above the one it began with */
	fake_apic.now += LEAST_PERIOD / 2;
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 100000);
	apic_msr_write(&a, APIC_TMICT, 200001);
	CHECK_EQ(a.period, 400002);
	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TMICT, 1);
	CHECK_EQ(a.deadline, fake_apic.now + 2);
}

/* A running one-shot count that becomes periodic ends when it would have; the periods behind it
 * are no shorter than others. */
TEST(becoming_periodic_does_not_evade_the_least_period)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t end = fake_apic.now + 20;

	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 10);
	lvt_write(&a, PERIODIC | VECTOR);
	CHECK_EQ(a.deadline, end);
	apic_timer_expire(&a, end);
	CHECK_EQ(a.deadline, end + LEAST_PERIOD);
	lvt_write(&a, VECTOR); /* and a periodic one that becomes one-shot fires once more */
	apic_timer_expire(&a, end + LEAST_PERIOD);
	CHECK_EQ(a.deadline, 0);
	lvt_write(&a, PERIODIC | VECTOR); /* what has ended does not begin again */
	CHECK_EQ(a.deadline, 0);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0);
}

/* APM vol. 2, 16.4.1: the divider feeds the counter, so that a new one changes its pace from where
 * it is. KVM, update_target_expiration(). */
TEST(divider_written_while_counting)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t start = fake_apic.now;

	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 1000);
	fake_apic.now = start + 1000; /* 500 are left */
	apic_msr_write(&a, APIC_TDCR, 3);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 500);
	CHECK_EQ(a.deadline, fake_apic.now + 500 * 16 * 2);
	fake_apic.now += 250 * 16 * 2;
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 250);
	apic_msr_write(&a, APIC_TDCR, 0);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 250);
	CHECK_EQ(a.deadline, fake_apic.now + 250 * 2 * 2);
	apic_msr_write(&a, APIC_TDCR, 0); /* the same again changes nothing */
	CHECK_EQ(a.deadline, fake_apic.now + 250 * 2 * 2);
	fake_apic.now = a.deadline;
	apic_timer_expire(&a, fake_apic.now);
	CHECK_EQ(apic_pending(&a), VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb); /* the count has ended: nothing begins */
	CHECK_EQ(a.deadline, 0);
}

TEST(divider_of_a_periodic_timer)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, PERIODIC | VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xa);
	apic_msr_write(&a, APIC_TMICT, 10000);
	CHECK_EQ(a.period, 10000 * 128 * 2);
	apic_msr_write(&a, APIC_TDCR, 9);
	CHECK_EQ(a.period, 10000 * 64 * 2);
	CHECK_EQ(a.deadline, fake_apic.now + a.period);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	CHECK_EQ(a.period, LEAST_PERIOD);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 10000);
}

TEST(divider_leaves_a_tsc_deadline)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, DEADLINE | VECTOR);
	apic_timer_set_deadline(&a, fake_apic.now + 1000);
	apic_msr_write(&a, APIC_TDCR, 0xa);
	CHECK_EQ(apic_timer_deadline(&a), fake_apic.now + 1000);
}

/* The widest step of the divider with the largest count: no bit is lost. */
TEST(divider_does_not_overflow)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xa);
	apic_msr_write(&a, APIC_TMICT, 0xffffffff);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0xffffffff);
	apic_msr_write(&a, APIC_TDCR, 0xa);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0xffffffff);
	CHECK_EQ(a.deadline - fake_apic.now, 0xffffffffull * 128 * 2);
}

/* 11b is reserved (APM vol. 2, 16.4.1; Intel SDM vol. 3, figure "Local Vector Table"). KVM takes
 * the value and counts nothing in it: apic_lvtt_oneshot(), apic_lvtt_period() and
 * apic_lvtt_tscdeadline() are all false in start_sw_timer(). */
TEST(reserved_mode_counts_nothing)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, PERIODIC | DEADLINE | VECTOR);
	CHECK_EQ(apic_read(&a, APIC_LVT_TIMER), PERIODIC | DEADLINE | VECTOR);
	apic_msr_write(&a, APIC_TMICT, 1000);
	CHECK_EQ(apic_read(&a, APIC_TMICT), 1000);
	CHECK_EQ(a.deadline, 0);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0);
	apic_timer_set_deadline(&a, fake_apic.now + 5);
	CHECK_EQ(a.deadline, 0);
	CHECK_EQ(apic_timer_deadline(&a), 0);
	lvt_write(&a, VECTOR); /* a count begins with the next write of it */
	CHECK_EQ(a.deadline, 0);
	apic_msr_write(&a, APIC_TMICT, 1000);
	CHECK(a.deadline != 0);
}

/* The n-th tick is due n periods behind the start, however late the ones before were seen. */
TEST(periodic_does_not_drift)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t start = fake_apic.now;

	lvt_write(&a, PERIODIC | VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 300000);
	for (unsigned n = 1; n <= 1000; n++) {
		CHECK_EQ(a.deadline, start + n * 600000ull);
		apic_timer_expire(&a, a.deadline + n * 599);
	}
}

TEST(farthest_deadline)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, DEADLINE | VECTOR);
	apic_timer_set_deadline(&a, ~0ull);
	apic_timer_expire(&a, 1ull << 63);
	CHECK_EQ(apic_timer_deadline(&a), ~0ull);
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(largest_count_does_not_overflow)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_TDCR, 10);
	apic_msr_write(&a, APIC_TMICT, 0xffffffff);
	CHECK_EQ(a.deadline - fake_apic.now, 0xffffffffull * 128 * 2);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0xffffffff);
}

TEST(tsc_deadline)
{
	struct vapic a = fake_apic_fresh(true);

	apic_timer_set_deadline(&a, fake_apic.now + 5);
	CHECK_EQ(a.deadline, 0); /* TSC deadline is not the timer's mode */
	apic_msr_write(&a, APIC_LVT_TIMER, 0x400ec);
	apic_timer_set_deadline(&a, fake_apic.now + 5);
	CHECK_EQ(apic_timer_deadline(&a), fake_apic.now + 5);
	apic_msr_write(&a, APIC_TMICT, 100);
	CHECK_EQ(apic_timer_deadline(&a), fake_apic.now + 5);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0);
	apic_timer_expire(&a, fake_apic.now + 5);
	CHECK_EQ(apic_pending(&a), 0xec);
	CHECK_EQ(apic_timer_deadline(&a), 0);
	apic_timer_set_deadline(&a, fake_apic.now + 5);
	apic_timer_set_deadline(&a, 0);
	apic_timer_expire(&a, fake_apic.now + 10);
	CHECK_EQ(a.deadline, 0);
}

/* Into TSC-deadline mode or out of it: Intel SDM vol. 3, "TSC-Deadline Mode"; KVM,
 * apic_update_lvtt(). */
TEST(mode_change_disarms)
{
	struct vapic a = fake_apic_fresh(true);

	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TMICT, 100);
	CHECK(a.deadline != 0);
	lvt_write(&a, DEADLINE | VECTOR);
	CHECK_EQ(a.deadline, 0);
	CHECK_EQ(apic_read(&a, APIC_TMICT), 0);
	apic_timer_set_deadline(&a, fake_apic.now + 5);
	lvt_write(&a, VECTOR);
	CHECK_EQ(a.deadline, 0);
	apic_msr_write(&a, APIC_TDCR, 0xa); /* no period is left over that would begin again */
	lvt_write(&a, PERIODIC | VECTOR);
	CHECK_EQ(a.period, 0);
	CHECK_EQ(a.deadline, 0);
}

/* The order that lost deadlines after a restore (firecracker issue 4099, kata-containers issue
 * 13798): the MSR before the mode is nothing, the MSR again behind it is armed. */
TEST(deadline_before_its_mode_is_dropped)
{
	struct vapic a = fake_apic_fresh(true);

	apic_timer_set_deadline(&a, fake_apic.now + 100);
	lvt_write(&a, DEADLINE | VECTOR);
	CHECK_EQ(apic_timer_deadline(&a), 0);
	apic_timer_expire(&a, fake_apic.now + 1000);
	CHECK_EQ(apic_pending(&a), -1);
	apic_timer_set_deadline(&a, fake_apic.now + 100);
	apic_timer_expire(&a, fake_apic.now + 100);
	CHECK_EQ(apic_pending(&a), VECTOR);
}

/* The mask holds back the interrupt, not the count: APM vol. 2, 16.4.1. */
TEST(mask_does_not_stop_the_count)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t end = fake_apic.now + 2000;

	lvt_write(&a, VECTOR | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 1000);
	fake_apic.now += 1000;
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 500);
	lvt_write(&a, VECTOR);
	CHECK_EQ(a.deadline, end);
	apic_timer_expire(&a, end);
	CHECK_EQ(apic_pending(&a), VECTOR);
	apic_accept(&a, VECTOR);
	apic_eoi(&a);
	apic_msr_write(&a, APIC_TMICT, 1000);
	lvt_write(&a, VECTOR | APIC_LVT_MASKED);
	fake_apic.now = a.deadline;
	apic_timer_expire(&a, fake_apic.now); /* over while masked: it is not made up for */
	lvt_write(&a, VECTOR);
	apic_timer_expire(&a, fake_apic.now + 1);
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(masked_timer_is_silent)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_TMICT, 1);
	apic_timer_expire(&a, fake_apic.now + 1000);
	CHECK_EQ(apic_pending(&a), -1);
}

/* A count or deadline that is over has requested its interrupt, even when the host's timer is late:
 * a mask or another count that is written then comes too late to prevent it. */
TEST(what_is_due_precedes_an_access)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t v;

	lvt_write(&a, VECTOR);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 1000);
	fake_apic.now = a.deadline;
	CHECK(apic_msr_read(&a, APIC_IRR + VECTOR / 32, &v));
	CHECK_EQ(v, 1u << VECTOR % 32);
	apic_accept(&a, VECTOR);
	apic_eoi(&a);
	apic_msr_write(&a, APIC_TMICT, 1000);
	fake_apic.now = a.deadline;
	lvt_write(&a, VECTOR | APIC_LVT_MASKED);
	CHECK_EQ(apic_pending(&a), VECTOR);
	apic_accept(&a, VECTOR);
	apic_eoi(&a);
	lvt_write(&a, DEADLINE | VECTOR);
	apic_timer_set_deadline(&a, fake_apic.now + 5);
	fake_apic.now += 5;
	CHECK_EQ(apic_timer_deadline(&a), 0);
	apic_timer_set_deadline(&a, fake_apic.now + 500);
	CHECK_EQ(apic_pending(&a), VECTOR);
	CHECK_EQ(apic_timer_deadline(&a), fake_apic.now + 500);
}

/* It may be over between the look at what is due and the write. */
TEST(divider_leaves_an_end_that_is_over)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t end;

	apic_msr_write(&a, APIC_TMICT, 1000);
	end = a.deadline;
	fake_apic.now = end + 1;
	apic_timer_set_divide(&a, 3);
	CHECK_EQ(a.deadline, end);
}
