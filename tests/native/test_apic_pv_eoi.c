/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * KVM's paravirtual EOI: Linux, Documentation/virt/kvm/x86/msr.rst.
 *
 * sources: tests/native/fake_apic.c svsm/lib/vapic/apic.c svsm/lib/vapic/apic_state.c
 * sources: svsm/lib/vapic/apic_regs.c svsm/lib/vapic/apic_timer.c svsm/lib/vapic/apic_pv_eoi.c
 */
#include "tests/native/check.h"
#include "tests/native/fake_apic.h"

#define PV_PAGE 0x7000ull

/* A vector in service, edge-triggered, with paravirtual EOI on. */
static struct vapic serving(unsigned vector)
{
	struct vapic a = fake_apic_fresh(true);

	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 1));
	apic_post(&a, vector, false);
	apic_accept(&a, vector);
	return a;
}

TEST(pv_eoi_values)
{
	struct vapic a = fake_apic_fresh(true);

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
	fake_apic.retries = 0;
	CHECK(apic_pv_eoi_sync(&a, &byte));
	CHECK_EQ(byte, 0);
	CHECK_EQ(a.isr[0x61 / 32], 0);
	CHECK_EQ(fake_apic.retries, 1);      /* what it held back may come fake_apic.now */
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
	a = fake_apic_fresh(true);
	CHECK(apic_pv_eoi_write(&a, PV_PAGE | 1));
	CHECK(!apic_pv_eoi_due(&a)); /* nothing in service */
}

TEST(pv_eoi_became_level)
{
	struct vapic a = serving(0x61);
	uint8_t byte = 0;

	apic_pv_eoi_offer(&a, &byte);
	apic_post(&a, 0x61, true);
	byte = 0;
	fake_apic.level_eois = 0;
	CHECK(apic_pv_eoi_sync(&a, &byte));
	CHECK_EQ(fake_apic.level_eois, 1);
	CHECK_EQ(fake_apic.last_level, 0x61);
}
