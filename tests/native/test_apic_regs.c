/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC's registers in both forms. APM vol. 2, chapter 16.
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "tests/native/fake_apic.h"

TEST(reset_state)
{
	struct vapic a;

	apic_reset(&a, 3, 0, true);
	CHECK_EQ(apic_read(&a, APIC_ID), 3u << 24);
	CHECK_EQ(apic_read(&a, APIC_SVR), 0xff);
	CHECK_EQ(apic_read(&a, APIC_DFR), 0xffffffff);
	CHECK_EQ(apic_read(&a, APIC_LVT_TIMER), APIC_LVT_MASKED);
	CHECK_EQ(a.base, APIC_BASE_ADDR | APIC_BASE_ENABLE | APIC_BASE_BSP);
}

TEST(illegal_vector_is_an_error)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_ERROR, 0xfe);
	fake_apic.retries = 0;
	apic_post(&a, 15, false);
	CHECK_EQ(fake_apic.retries, 1); /* it may be answered without another exit */
	CHECK_EQ(apic_pending(&a), 0xfe);
	CHECK(apic_msr_write(&a, APIC_ESR, 0));
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_RECV_ILLEGAL);
	CHECK(!apic_msr_write(&a, APIC_ESR, 1));
}

TEST(illegal_error_vector_does_not_recurse)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_ERROR, 3);
	apic_post(&a, 2, false);
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(x2apic_register_rules)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t v;

	CHECK(apic_msr_read(&a, APIC_ID, &v));
	CHECK_EQ(v, 5);
	CHECK(apic_msr_read(&a, APIC_LDR, &v));
	CHECK_EQ(v, 1u << 5);
	CHECK(apic_msr_read(&a, APIC_VERSION, &v));
	CHECK_EQ(v & 0xff, 0x14);
	CHECK(!apic_msr_read(&a, APIC_DFR, &v));
	CHECK(!apic_msr_read(&a, APIC_EOI, &v));
	CHECK(!apic_msr_read(&a, APIC_SELF_IPI, &v));
	CHECK(!apic_msr_read(&a, 0xfe, &v));
	CHECK(!apic_msr_write(&a, APIC_ID, 1));
	CHECK(!apic_msr_write(&a, APIC_LDR, 1));
	CHECK(!apic_msr_write(&a, APIC_EOI, 1));
	CHECK(!apic_msr_write(&a, APIC_TPR, 0x100));
	CHECK(!apic_msr_write(&a, APIC_TMICT, 1ull << 32));
	CHECK(!apic_msr_write(&a, APIC_ICR_HIGH, 0));
}

TEST(msrs_need_x2apic_mode)
{
	struct vapic a = fake_apic_fresh(false);
	uint64_t v;

	CHECK(!apic_msr_read(&a, APIC_ID, &v));
	CHECK(!apic_msr_write(&a, APIC_EOI, 0));
}

TEST(icr_in_both_forms)
{
	struct vapic a = fake_apic_fresh(false);
	uint64_t v;

	fake_apic.sent.count = 0;
	apic_write(&a, APIC_ICR_HIGH, 7u << 24);
	apic_write(&a, APIC_ICR, 0x40fd);
	CHECK_EQ(fake_apic.sent.count, 1);
	CHECK_EQ(fake_apic.sent.low, 0x40fd);
	CHECK_EQ(fake_apic.sent.dest, 7);
	a = fake_apic_fresh(true);
	CHECK(apic_msr_write(&a, APIC_ICR, 0x123400000cfdull));
	CHECK_EQ(fake_apic.sent.dest, 0x1234);
	CHECK_EQ(fake_apic.sent.low, 0xcfd);
	CHECK(apic_msr_read(&a, APIC_ICR, &v));
	CHECK_EQ(v, 0x123400000cfdull);
}

TEST(self_ipi)
{
	struct vapic a = fake_apic_fresh(true);

	CHECK(apic_msr_write(&a, APIC_SELF_IPI, 0x77));
	CHECK_EQ(apic_pending(&a), 0x77);
}

TEST(disabled_svr_masks_the_lvt)
{
	struct vapic a = fake_apic_fresh(true);

	apic_msr_write(&a, APIC_LVT_LINT0, 0x700);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700);
	apic_msr_write(&a, APIC_SVR, 0xff);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700 | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_LVT_LINT0, 0x700);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700 | APIC_LVT_MASKED);
}

TEST(unknown_register_sets_the_error)
{
	struct vapic a = fake_apic_fresh(false);

	CHECK_EQ(apic_read(&a, 0x40), 0);
	apic_write(&a, 0x00, 1);
	apic_write(&a, APIC_ESR, 0);
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_REGISTER);
}
