/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The local APIC model: priorities, EOI, both register forms, destinations, the timer's three
 * modes. APM vol. 2, chapter 16; TSC deadline: Intel SDM vol. 3, "TSC-Deadline Mode"; paravirtual
 * EOI: Linux, Documentation/virt/kvm/x86/msr.rst.
 *
 * sources: svsm/lib/vapic/apic.c svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "lib/vapic/vapic.h"

#define KHZ 2000000ull /* the fake TSC: two ticks a nanosecond */

static uint64_t now;
static unsigned retries, logical_changes, timer_changes, level_eois;
static unsigned last_level;
static struct {
	uint32_t low, dest;
	unsigned count;
} sent;

uint64_t apic_host_tsc_khz(void)
{
	return KHZ;
}

uint64_t apic_host_tsc(void)
{
	return now;
}

void apic_host_timer_changed(struct vapic *a)
{
	(void)a;
	timer_changes++;
}

void apic_host_eoi_level(struct vapic *a, unsigned vector)
{
	(void)a;
	last_level = vector;
	level_eois++;
}

void apic_host_retry(struct vapic *a)
{
	(void)a;
	retries++;
}

void apic_host_logical(struct vapic *a)
{
	(void)a;
	logical_changes++;
}

void apic_ipi_send(struct vapic *a, uint32_t low, uint32_t dest)
{
	(void)a;
	sent.low = low;
	sent.dest = dest;
	sent.count++;
}

static struct vapic fresh(bool x2)
{
	struct vapic a;

	apic_reset(&a, 5, 2, false);
	apic_write(&a, APIC_SVR, 0x1ff);
	if (x2)
		apic_base_write(&a, a.base | APIC_BASE_X2APIC);
	now = 1000000;
	return a;
}

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
	struct vapic a = fresh(true);

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
	struct vapic a = fresh(true);
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
	struct vapic a = fresh(true);

	apic_post(&a, 0x48, false);
	CHECK(apic_msr_write(&a, APIC_TPR, 0x40));
	CHECK_EQ(apic_pending(&a), -1);
	retries = 0;
	CHECK(apic_msr_write(&a, APIC_TPR, 0x3f));
	CHECK_EQ(retries, 1);
	CHECK_EQ(apic_pending(&a), 0x48);
}

TEST(illegal_vector_is_an_error)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_ERROR, 0xfe);
	retries = 0;
	apic_post(&a, 15, false);
	CHECK_EQ(retries, 1); /* it may be answered without another exit */
	CHECK_EQ(apic_pending(&a), 0xfe);
	CHECK(apic_msr_write(&a, APIC_ESR, 0));
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_RECV_ILLEGAL);
	CHECK(!apic_msr_write(&a, APIC_ESR, 1));
}

TEST(illegal_error_vector_does_not_recurse)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_ERROR, 3);
	apic_post(&a, 2, false);
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(level_eoi_reaches_the_host)
{
	struct vapic a = fresh(true);

	level_eois = 0;
	apic_post(&a, 0x61, true);
	CHECK_EQ(a.tmr[3], 1u << 1);
	apic_accept(&a, 0x61);
	CHECK(apic_msr_write(&a, APIC_EOI, 0));
	CHECK_EQ(level_eois, 1);
	CHECK_EQ(last_level, 0x61);
	apic_post(&a, 0x61, false); /* the same vector as an edge */
	apic_accept(&a, 0x61);
	CHECK(apic_msr_write(&a, APIC_EOI, 0));
	CHECK_EQ(level_eois, 1);
}

TEST(x2apic_register_rules)
{
	struct vapic a = fresh(true);
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
	struct vapic a = fresh(false);
	uint64_t v;

	CHECK(!apic_msr_read(&a, APIC_ID, &v));
	CHECK(!apic_msr_write(&a, APIC_EOI, 0));
}

TEST(icr_in_both_forms)
{
	struct vapic a = fresh(false);
	uint64_t v;

	sent.count = 0;
	apic_write(&a, APIC_ICR_HIGH, 7u << 24);
	apic_write(&a, APIC_ICR, 0x40fd);
	CHECK_EQ(sent.count, 1);
	CHECK_EQ(sent.low, 0x40fd);
	CHECK_EQ(sent.dest, 7);
	a = fresh(true);
	CHECK(apic_msr_write(&a, APIC_ICR, 0x123400000cfdull));
	CHECK_EQ(sent.dest, 0x1234);
	CHECK_EQ(sent.low, 0xcfd);
	CHECK(apic_msr_read(&a, APIC_ICR, &v));
	CHECK_EQ(v, 0x123400000cfdull);
}

TEST(self_ipi)
{
	struct vapic a = fresh(true);

	CHECK(apic_msr_write(&a, APIC_SELF_IPI, 0x77));
	CHECK_EQ(apic_pending(&a), 0x77);
}

TEST(base_mode_changes)
{
	struct vapic a = fresh(false);

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
	struct vapic a = fresh(false);

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
	a = fresh(true);
	CHECK(apic_matches(&a, 1u << 5, true, true));
	CHECK(!apic_matches(&a, 1u << 16 | 1u << 5, true, true));
}

TEST(disabled_svr_masks_the_lvt)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_LINT0, 0x700);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700);
	apic_msr_write(&a, APIC_SVR, 0xff);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700 | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_LVT_LINT0, 0x700);
	CHECK_EQ(apic_read(&a, APIC_LVT_LINT0), 0x700 | APIC_LVT_MASKED);
}

TEST(unknown_register_sets_the_error)
{
	struct vapic a = fresh(false);

	CHECK_EQ(apic_read(&a, 0x40), 0);
	apic_write(&a, 0x00, 1);
	apic_write(&a, APIC_ESR, 0);
	CHECK_EQ(apic_read(&a, APIC_ESR), APIC_ESR_REGISTER);
}

/* ---- timer ---- */

TEST(one_shot)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec);
	apic_msr_write(&a, APIC_TDCR, 0xb); /* by 1 */
	apic_msr_write(&a, APIC_TMICT, 1000);
	CHECK_EQ(a.deadline, now + 2000);
	now += 1000;
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 500);
	apic_timer_expire(&a, now + 999);
	CHECK_EQ(apic_pending(&a), -1);
	now += 1000;
	apic_timer_expire(&a, now);
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
	struct vapic a = fresh(true);

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		apic_msr_write(&a, APIC_TDCR, t[i].tdcr);
		apic_msr_write(&a, APIC_TMICT, 10);
		CHECK_EQ(a.deadline - now, 20 * t[i].by);
	}
}

TEST(periodic_catches_up_once)
{
	struct vapic a = fresh(true);
	uint64_t start = now;

	apic_msr_write(&a, APIC_LVT_TIMER, 0x200ec);
	apic_msr_write(&a, APIC_TDCR, 0xb);
	apic_msr_write(&a, APIC_TMICT, 1000000); /* 1 ms */
	now = start + 7 * KHZ + 5;               /* seven periods late */
	apic_timer_expire(&a, now);
	CHECK_EQ(a.deadline, start + 8 * KHZ);
	CHECK_EQ(apic_pending(&a), 0xec);
	apic_accept(&a, 0xec);
	apic_timer_expire(&a, now);
	apic_eoi(&a);
	CHECK_EQ(apic_pending(&a), -1);
}

TEST(periodic_has_a_least_period)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0x200ec);
	apic_msr_write(&a, APIC_TMICT, 1);
	CHECK_EQ(a.period, KHZ / 10);
}

TEST(largest_count_does_not_overflow)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_TDCR, 10);
	apic_msr_write(&a, APIC_TMICT, 0xffffffff);
	CHECK_EQ(a.deadline - now, 0xffffffffull * 128 * 2);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0xffffffff);
}

TEST(tsc_deadline)
{
	struct vapic a = fresh(true);

	apic_timer_set_deadline(&a, now + 5);
	CHECK_EQ(a.deadline, 0); /* TSC deadline is not the timer's mode */
	apic_msr_write(&a, APIC_LVT_TIMER, 0x400ec);
	apic_timer_set_deadline(&a, now + 5);
	CHECK_EQ(apic_timer_deadline(&a), now + 5);
	apic_msr_write(&a, APIC_TMICT, 100);
	CHECK_EQ(apic_timer_deadline(&a), now + 5);
	CHECK_EQ(apic_read(&a, APIC_TMCCT), 0);
	apic_timer_expire(&a, now + 5);
	CHECK_EQ(apic_pending(&a), 0xec);
	CHECK_EQ(apic_timer_deadline(&a), 0);
	apic_timer_set_deadline(&a, now + 5);
	apic_timer_set_deadline(&a, 0);
	apic_timer_expire(&a, now + 10);
	CHECK_EQ(a.deadline, 0);
}

TEST(mode_change_disarms)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec);
	apic_msr_write(&a, APIC_TMICT, 100);
	CHECK(a.deadline != 0);
	apic_msr_write(&a, APIC_LVT_TIMER, 0x400ec);
	CHECK_EQ(a.deadline, 0);
}

TEST(masked_timer_is_silent)
{
	struct vapic a = fresh(true);

	apic_msr_write(&a, APIC_LVT_TIMER, 0xec | APIC_LVT_MASKED);
	apic_msr_write(&a, APIC_TMICT, 1);
	apic_timer_expire(&a, now + 1000);
	CHECK_EQ(apic_pending(&a), -1);
}

#define PV_PAGE 0x7000ull

/* A vector in service, edge-triggered, with paravirtual EOI on. */
static struct vapic serving(unsigned vector)
{
	struct vapic a = fresh(true);

	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 1));
	apic_post(&a, vector, false);
	apic_accept(&a, vector);
	return a;
}

TEST(pv_eoi_values)
{
	struct vapic a = fresh(true);

	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 1));
	CHECK_EQ(a.pv_eoi, PV_PAGE | 1);
	CHECK(!apic_pv_eoi_write(&a, PV_PAGE | 2)); /* reserved, on or off */
	CHECK(!apic_pv_eoi_write(&a, PV_PAGE | 3));
	CHECK_EQ(a.pv_eoi, PV_PAGE | 1);
	CHECK(apic_pv_eoi_write(&a, PV_PAGE + 4)); /* 4 bytes aligned, and off */
	CHECK_EQ(a.pv_eoi, PV_PAGE + 4);
	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 5));
	apic_reset(&a, a.id, a.vmpl, false);
	CHECK_EQ(a.pv_eoi, 0);
}

TEST(pv_eoi_made)
{
	struct vapic a = serving(0x61);
	uint8_t byte = 0;

	CHECK(apic_pv_eoi_due(&a));
	apic_pv_eoi_offer(&a, &byte);
	CHECK_EQ(byte, 1);
	byte = 0xfe; /* only bit 0 counts */
	retries = 0;
	CHECK(apic_pv_eoi_sync(&a, &byte));
	CHECK_EQ(byte, 0);
	CHECK_EQ(a.isr[0x61 / 32], 0);
	CHECK_EQ(retries, 1);                /* what it held back may come now */
	CHECK(!apic_pv_eoi_sync(&a, &byte)); /* made once */
	CHECK(!apic_pv_eoi_due(&a));
}

TEST(pv_eoi_taken_back)
{
	struct vapic a = serving(0x61);
	uint8_t byte = 0;

	apic_pv_eoi_offer(&a, &byte);
	CHECK(!apic_pv_eoi_sync(&a, &byte));
	CHECK_EQ(byte, 0);
	CHECK(a.isr[0x61 / 32] != 0);
	CHECK(apic_pv_eoi_due(&a)); /* and may be offered again */
	/* a byte that cannot be reached is neither set nor taken for cleared */
	apic_pv_eoi_offer(&a, NULL);
	CHECK(!apic_pv_eoi_sync(&a, &byte));
	apic_pv_eoi_offer(&a, &byte);
	CHECK(!apic_pv_eoi_sync(&a, NULL));
	CHECK(a.isr[0x61 / 32] != 0);
}

TEST(pv_eoi_not_offered)
{
	struct vapic a = serving(0x61);
	uint8_t byte = 0;

	apic_post(&a, 0x20, false); /* requested, of whatever priority */
	CHECK(!apic_pv_eoi_due(&a));
	apic_pv_eoi_offer(&a, &byte);
	CHECK_EQ(byte, 0);
	apic_accept(&a, 0x20); /* a second one in service */
	CHECK(!apic_pv_eoi_due(&a));
	a = serving(0x61);
	apic_post(&a, 0x62, false);
	apic_accept(&a, 0x62); /* in the same word */
	CHECK(!apic_pv_eoi_due(&a));
	a = serving(0x61);
	apic_post(&a, 0x61, true); /* level: the IOAPIC waits for the EOI */
	apic_accept(&a, 0x61);
	CHECK(!apic_pv_eoi_due(&a));
	a = serving(0x61);
	CHECK(apic_pv_eoi_write(&a, PV_PAGE)); /* turned off */
	CHECK(!apic_pv_eoi_due(&a));
	a = fresh(true);
	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 1));
	CHECK(!apic_pv_eoi_due(&a)); /* nothing in service */
}

/* A level-triggered request of the same vector that came while the guest ran is heard of. */
TEST(pv_eoi_became_level)
{
	struct vapic a = serving(0x61);
	uint8_t byte = 0;

	apic_pv_eoi_offer(&a, &byte);
	apic_post(&a, 0x61, true);
	byte = 0;
	level_eois = 0;
	CHECK(apic_pv_eoi_sync(&a, &byte));
	CHECK_EQ(level_eois, 1);
	CHECK_EQ(last_level, 0x61);
}
