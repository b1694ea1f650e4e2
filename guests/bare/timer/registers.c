/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The registers in x2APIC mode as a guest under the SVSM finds them. What is reserved: APM vol. 2,
 * 16.4 and 16.11.1; ICR: Linux, arch/x86/kvm/lapic.c, X2APIC_ICR_RESERVED_BITS. */
#include "bare/timer/timer.h"
#include "bare/lib/percpu.h"
#include "bare/lib/test.h"

#define APIC_LVT_CMCI 0x2f
#define APIC_EXTENDED 0x40

TEST(reserved, "reserved-bits", "a reserved bit of a register is #GP, and changes nothing",
     "apm:apic:reserved")
{
	static const struct {
		unsigned reg;
		uint64_t good; /* bits that may be written */
	} t[] = {
		{APIC_TPR, 0xff},         {APIC_SVR, 0x3ff}, {APIC_LVT_TIMER, 0x710ff},
		{APIC_TMICT, 0xffffffff}, {APIC_TDCR, 0xb},  {APIC_SELF_IPI, 0xff},
	};

	timer_begin();
	timer_stop();
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			if (t[i].good >> bit & 1)
				continue;
			if (apic_write(t[i].reg, BIT(bit))) {
				test_case("register %#x, bit %u", t[i].reg, bit);
				CHECK_FAILED("it was taken");
			}
		}
	CHECK_EQ(apic_read(APIC_TPR), 0);
	CHECK_EQ(apic_read(APIC_SVR), 0x1ff);
	CHECK_EQ(apic_read(APIC_LVT_TIMER), APIC_LVT_MASKED | VEC_TIMER);
	timer_pass(0);
	timer_end();
}

/* COCONUT pull request 850: reserved bits of ICR were sent on. */
TEST(icr_reserved, "icr-reserved", "a reserved bit of ICR is #GP, and no IPI goes out",
     "apm:apic:reserved")
{
	timer_begin();
	for (unsigned bit = 13; bit < 32; bit++) {
		bool reserved = bit >= 20 || bit == 17 || bit == 16 || bit == 13;

		if (!reserved)
			continue;
		test_case("bit %u", bit);
		CHECK(!apic_write(APIC_ICR,
				  (uint64_t)percpu()->apic_id << 32 | BIT(bit) | VEC_HIGH));
	}
	timer_pass(100);
	CHECK_EQ(timer_hits(VEC_HIGH), 0);
	apic_ipi(percpu()->apic_id, VEC_HIGH);
	timer_pass(100);
	CHECK_EQ(timer_hits(VEC_HIGH), 1);
	timer_end();
}

/* COCONUT commit 9d6d4cca: LDR could not be read. Cluster and bit follow from the ID: 16.14. */
TEST(ldr, "ldr-read", "LDR is readable and follows from the ID; version and entries are KVM's",
     "apm:apic:registers keelson:apic:version")
{
	uint32_t id = percpu()->apic_id;

	timer_begin();
	CHECK_EQ(apic_read(APIC_LDR), (id >> 4) << 16 | 1u << (id & 15));
	CHECK(!apic_write(APIC_LDR, apic_read(APIC_LDR)));
	CHECK_EQ(apic_read(APIC_VERSION), 0x50014);
	CHECK_EQ(apic_read(APIC_LVT_CMCI), ~0ull); /* refused */
	CHECK_EQ(apic_read(APIC_EXTENDED), ~0ull);
	timer_end();
}
