/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC model's state: priorities, EOI, modes, destinations. APM vol. 2, chapter 16.
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_state.c
 * sources: svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "tests/native/fake_apic.h"

TEST(disabled_delivers_nothing)
{
	struct vapic a;

	apic_reset(&a, 1, 2, false);
	apic_post(&a, 0x40, false);
	CHECK_EQ(apic_pending(&a), -1);
	apic_write(&a, APIC_SVR, 0x1ff);
	CHECK_EQ(apic_pending(&a), 0x40);
}

TEST(priorities_and_nesting)
{
	struct vapic a = fake_apic_fresh(true);

	apic_post(&a, 0x31, false);
	apic_post(&a, 0x52, false);
	apic_post(&a, 0x51, false);
	CHECK_EQ(apic_pending(&a), 0x52);
	apic_accept(&a, 0x52);
	CHECK_EQ(apic_pending(&a), -1); /* 0x51 is of the same class */
	CHECK_EQ(apic_ppr(&a), 0x50);
	apic_post(&a, 0xec, false);
	CHECK_EQ(apic_pending(&a), 0xec);
	apic_accept(&a, 0xec);
	CHECK_EQ(apic_eoi(&a), -1);
	CHECK_EQ(apic_ppr(&a), 0x50);
	CHECK_EQ(apic_eoi(&a), -1);
	CHECK_EQ(apic_pending(&a), 0x51);
	apic_accept(&a, 0x51);
	CHECK_EQ(apic_eoi(&a), -1);
	CHECK_EQ(apic_pending(&a), 0x31);
}

TEST(every_vector_is_delivered_once_in_order)
{
	struct vapic a = fake_apic_fresh(true);
	int last = 256;

	for (unsigned v = 16; v < 256; v++)
		apic_post(&a, v, false);
	for (unsigned n = 16; n < 256; n++) {
		int v = apic_pending(&a);

		CHECK(v >= 16 && v < last);
		if (v < 0)
			return;
		last = v;
		apic_accept(&a, v);
		apic_msr_write(&a, APIC_EOI, 0);
	}
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(task_priority_holds_back)
{
	struct vapic a = fake_apic_fresh(true);

	apic_post(&a, 0x48, false);
	CHECK(apic_msr_write(&a, APIC_TPR, 0x40));
	CHECK_EQ(apic_pending(&a), -1);
	fake_apic.retries = 0;
	CHECK(apic_msr_write(&a, APIC_TPR, 0x3f));
	CHECK_EQ(fake_apic.retries, 1);
	CHECK_EQ(apic_pending(&a), 0x48);
}

TEST(level_eoi_reaches_the_host)
{
	struct vapic a = fake_apic_fresh(true);

	fake_apic.level_eois = 0;
	apic_post(&a, 0x61, true);
	CHECK_EQ(a.tmr[3], 1u << 1);
	apic_accept(&a, 0x61);
	CHECK(apic_msr_write(&a, APIC_EOI, 0));
	CHECK_EQ(fake_apic.level_eois, 1);
	CHECK_EQ(fake_apic.last_level, 0x61);
	apic_post(&a, 0x61, false); /* the same vector as an edge */
	apic_accept(&a, 0x61);
	CHECK(apic_msr_write(&a, APIC_EOI, 0));
	CHECK_EQ(fake_apic.level_eois, 1);
}

TEST(base_mode_changes)
{
	struct vapic a = fake_apic_fresh(false);

	CHECK(!apic_base_write(&a, APIC_BASE_ADDR | APIC_BASE_X2APIC));
	CHECK(!apic_base_write(&a, 0xfee01000 | APIC_BASE_ENABLE));
	CHECK(!apic_base_write(&a, a.base | 1));
	CHECK(apic_base_write(&a, a.base | APIC_BASE_X2APIC));
	CHECK(!apic_base_write(&a, APIC_BASE_ADDR | APIC_BASE_ENABLE));
	CHECK(apic_base_write(&a, APIC_BASE_ADDR));
	CHECK_EQ(apic_read(&a, APIC_SVR), 0xff);
	CHECK(!apic_base_write(&a, APIC_BASE_ADDR | APIC_BASE_ENABLE | APIC_BASE_X2APIC));
	CHECK(apic_base_write(&a, APIC_BASE_ADDR | APIC_BASE_ENABLE));
}

TEST(destinations)
{
	struct vapic a = fake_apic_fresh(false);

	CHECK(apic_matches(&a, 5, false, false));
	CHECK(!apic_matches(&a, 4, false, false));
	CHECK(apic_matches(&a, 0xff, false, false));
	CHECK(!apic_matches(&a, 0xff, false, true));
	CHECK(apic_matches(&a, 0xffffffff, true, true));
	CHECK(!apic_matches(&a, 0x20, true, false)); /* no LDR yet */
	apic_write(&a, APIC_LDR, 0x20000000);
	CHECK(apic_matches(&a, 0x30, true, false));
	CHECK(!apic_matches(&a, 0x10, true, false));
	apic_write(&a, APIC_DFR, 0x0fffffff); /* cluster 2, member 0 */
	CHECK(!apic_matches(&a, 0x21, true, false));
	apic_write(&a, APIC_LDR, 0x21000000);
	CHECK(apic_matches(&a, 0x23, true, false));
	CHECK(!apic_matches(&a, 0x31, true, false));
	a = fake_apic_fresh(true);
	CHECK(apic_matches(&a, 1u << 5, true, true));
	CHECK(!apic_matches(&a, 1u << 16 | 1u << 5, true, true));
}

/* A level-triggered request of the same vector that came while the guest ran is heard of. */

/* KVM, kvm_apic_match_logical_addr(): a model of DFR that is neither flat nor cluster matches
 * nothing, and a cluster is the whole of what is above the low four bits. */
TEST(logical_models)
{
	struct vapic a = fake_apic_fresh(false);

	apic_write(&a, APIC_LDR, 0x21000000);
	apic_write(&a, APIC_DFR, 0x7fffffff);
	CHECK(!apic_matches(&a, 0x21, true, false));
	apic_write(&a, APIC_DFR, 0x0fffffff);
	CHECK(apic_matches(&a, 0x21, true, true));
	CHECK(!apic_matches(&a, 0x121, true, true));
}
