/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC's timer in its three modes. APM vol. 2, 16.4.1; TSC deadline: Intel SDM vol. 3,
 * "TSC-Deadline Mode".
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "tests/native/fake_apic.h"

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

TEST(periodic_has_a_least_period)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0x200ec);
	apic_msr_write(&a, APIC_TMICT, 1);
	CHECK_EQ(a.period, FAKE_APIC_KHZ / 10);
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

TEST(mode_change_disarms)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec);
	apic_msr_write(&a, APIC_TMICT, 100);
	CHECK(a.deadline != 0);
	apic_msr_write(&a, APIC_LVT_TIMER, 0x400ec);
	CHECK_EQ(a.deadline, 0);
}

TEST(masked_timer_is_silent)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_TMICT, 1);
	apic_timer_expire(&a, fake_apic.now + 1000);
	CHECK_EQ(apic_pending(&a), -1);
}
