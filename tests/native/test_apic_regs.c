/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC's registers in both forms. APM vol. 2, chapter 16.
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_state.c
 * sources: svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
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

/*
 * A 1 in a reserved bit is #GP: APM vol. 2, 16.11.1. Bits that only report (LVT 12 and 14) may be
 * written and keep what they are. LVT entries, SVR, TDCR: APM vol. 2, 16.4 and 16.4.7; the timer's
 * second mode bit: Intel SDM vol. 3, "TSC-Deadline Mode"; a pin's polarity, bit 13: the same,
 * "Local Vector Table". KVM drops some of these bits instead (docs/fidelity.md).
 */
TEST(x2apic_reserved_bits)
{
	static const struct {
		unsigned reg;
		uint32_t defined; /* bits that may be written */
	} t[] = {
		{APIC_TPR, 0xff},          {APIC_EOI, 0},
		{APIC_SVR, 0x3ff},         {APIC_ESR, 0},
		{APIC_LVT_TIMER, 0x710ff}, {APIC_LVT_THERMAL, 0x117ff},
		{APIC_LVT_PERF, 0x117ff},  {APIC_LVT_LINT0, 0x1f7ff},
		{APIC_LVT_LINT1, 0x1f7ff}, {APIC_LVT_ERROR, 0x117ff},
		{APIC_TMICT, 0xffffffff},  {APIC_TDCR, 0xb},
		{APIC_SELF_IPI, 0xff},
	};
	struct vapic a = fake_apic_fresh(true);

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			bool good = bit < 32 && (t[i].defined >> bit & 1);

			check_context("register %#x, bit %u", t[i].reg, bit);
			CHECK_EQ(apic_msr_write(&a, t[i].reg, 1ull << bit), good);
		}
}

/* #GP changes nothing. */
TEST(refused_write_changes_nothing)
{
	struct vapic a = fake_apic_fresh(true), before;

	apic_msr_write(&a, APIC_LVT_TIMER, 0x200ec);
	before = a;
	CHECK(!apic_msr_write(&a, APIC_LVT_TIMER, 0x800ec));
	CHECK(!apic_msr_write(&a, APIC_TDCR, 4));
	CHECK(!apic_msr_write(&a, APIC_SVR, 1u << 12));
	CHECK(!apic_msr_write(&a, APIC_ICR, 1u << 16 | 0x40));
	CHECK_MEM(&a, &before, sizeof(a));
}

/* The bits that report are read-only, and idle here: APM vol. 2, 16.4. */
TEST(lvt_status_bits_are_read_only)
{
	struct vapic a = fake_apic_fresh(true);

	CHECK(apic_msr_write(&a, APIC_LVT_LINT0, 0x1f7ff));
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x1a7ff);
	CHECK(apic_msr_write(&a, APIC_LVT_TIMER, 0x710ff));
	CHECK_EQ(apic_read(&a, APIC_LVT_TIMER), 0x700ff);
	a = fake_apic_fresh(false);
	apic_write(&a, APIC_LVT_TIMER, 0xffffffff); /* the page drops reserved bits */
	CHECK_EQ(apic_read(&a, APIC_LVT_TIMER), 0x700ff);
}

/* KVM, X2APIC_ICR_RESERVED_BITS: 31:20, 17:16, 13. Bit 12 is dropped. COCONUT pull request 850 is
 * the same rule. */
TEST(icr_reserved_bits)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t v;

	for (unsigned bit = 0; bit < 32; bit++) {
		bool reserved = bit >= 20 || bit == 17 || bit == 16 || bit == 13;

		fake_apic.sent.count = 0;
		check_context("bit %u", bit);
		CHECK_EQ(apic_msr_write(&a, APIC_ICR, 1u << bit | 0x40), !reserved);
		CHECK_EQ(fake_apic.sent.count, !reserved);
	}
	CHECK(apic_msr_write(&a, APIC_ICR, 0x700001040ull));
	CHECK(apic_msr_read(&a, APIC_ICR, &v));
	CHECK_EQ(v, 0x700000040ull);
}

/* xAPIC: ICR's upper half is the destination in its upper byte; the page drops the rest. */
TEST(icr_high_of_the_page)
{
	struct vapic a = fake_apic_fresh(false);

	apic_write(&a, APIC_ICR_HIGH, 0x07ffffff);
	CHECK_EQ(apic_read(&a, APIC_ICR_HIGH), 0x07000000);
}

/* KVM's for a guest of AMD: kvm_apic_set_version(), kvm_apic_calc_nr_lvt_entries(). Version 14h,
 * six entries (no CMCI, as MCG_CAP has none), no directed EOI (bit 24), no extended space (bit 31).
 */
TEST(version)
{
	struct vapic a = fake_apic_fresh(true);
	uint64_t v;

	CHECK_EQ(apic_read(&a, APIC_VERSION), 0x50014);
	CHECK(!apic_msr_read(&a, 0x2f, &v)); /* LVT CMCI */
	CHECK(!apic_msr_read(&a, 0x40, &v)); /* extended feature */
	CHECK(!apic_msr_write(&a, 0x50, 0)); /* extended LVT 0 */
	a = fake_apic_fresh(false);
	CHECK_EQ(apic_read(&a, 0x2f), 0);
	apic_write(&a, APIC_ESR, 0);
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_REGISTER);
}

/* Self IPI is of x2APIC mode only: APM vol. 2, 16.15. */
TEST(self_ipi_is_no_register_of_the_page)
{
	struct vapic a = fake_apic_fresh(false);

	CHECK_EQ(apic_read(&a, APIC_SELF_IPI), 0);
	apic_write(&a, APIC_ESR, 0);
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_REGISTER);
	apic_write(&a, APIC_SELF_IPI, 0x40);
	CHECK_EQ(apic_pending(&a), -1);
}

/* An illegal vector by the self IPI register was sent and received: Intel SDM vol. 3, "Error
 * Handling", bits 5 and 6. */
TEST(self_ipi_with_an_illegal_vector)
{
	struct vapic a = fake_apic_fresh(true);

	CHECK(apic_msr_write(&a, APIC_SELF_IPI, 15));
	CHECK_EQ(apic_pending(&a), -1);
	CHECK(apic_msr_write(&a, APIC_ESR, 0));
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_SEND_ILLEGAL | APIC_ESR_RECV_ILLEGAL);
}
