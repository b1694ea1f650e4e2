/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Every register number, read and written: which the protocol has, which it leaves to the
 * hypervisor, and which values are none. Registers: APM vol. 2, table 16-6; errors: docs/apic.md.
 */
#include "bare/apic/driver.h"
#include "bare/core/calls.h"

enum access {
	NONE,
	READ,
	WRITE,
	BOTH,
};

static enum access access_of(unsigned msr)
{
	switch (msr) {
	case X_ID:
	case X_PPR:
	case X_LDR:
	case X_ISR ... X_IRR + 7:
		return READ;
	case X_EOI:
	case X_SELF:
		return WRITE;
	case X_TPR:
	case X_ICR:
		return BOTH;
	default:
		return NONE;
	}
}

static uint64_t refusal(unsigned msr, enum access how)
{
	enum access has = access_of(msr);

	return has == NONE           ? SVSM_ERR_INVALID_ADDRESS
	       : has & (unsigned)how ? SVSM_SUCCESS
				     : SVSM_ERR_INVALID_PARAMETER;
}

/* EOI is 0x80b. A table that has it elsewhere leaves each interrupt in service. */
TEST(every, "registers", "each register number can be read and written as the protocol has it",
     "svsm:9:read svsm:9:write")
{
	static const uint64_t no_msr[] = {0, 2, 0x7ff, 0x900, 0xc0000802, BIT(32) | X_ID, ~0ull};

	apic_begin(END_BY_CALL);
	for (unsigned msr = 0x800; msr < 0x900; msr++) {
		struct svsm_call c = {.rax = APIC3(READ_REGISTER), .rcx = msr, .rdx = 0x77};

		test_case("read 0x%x", msr);
		CHECK_EQ(svsm_call(&c), refusal(msr, READ));
		if (c.rax != SVSM_SUCCESS)
			CHECK_EQ(c.rdx, 0x77);
		CHECK_EQ(c.rcx, msr);
		test_case("write 0x%x", msr);
		if (msr != X_ICR && msr != X_SELF) /* which would send */
			CHECK_EQ(apic_put(msr, 0), refusal(msr, WRITE));
	}
	for (unsigned i = 0; i < ARRAY_LEN(no_msr); i++) {
		test_case("0x%lx", (unsigned long)no_msr[i]);
		CHECK_EQ(apic_call(APIC3(READ_REGISTER), no_msr[i], 0), SVSM_ERR_INVALID_ADDRESS);
		CHECK_EQ(apic_call(APIC3(WRITE_REGISTER), no_msr[i], 0), SVSM_ERR_INVALID_ADDRESS);
	}
	apic_end();
}

TEST(values, "register-values", "values with reserved bits are refused",
     "svsm:9:write svsm:9:icr-reserved")
{
	static const struct {
		const char *name;
		unsigned msr;
		uint64_t value;
	} row[] = {
		{"TPR bit 8", X_TPR, BIT(8)},
		{"TPR bit 63", X_TPR, BIT(63)},
		{"EOI 1", X_EOI, 1},
		{"EOI bit 32", X_EOI, BIT(32)},
		{"EOI ~0", X_EOI, ~0ull},
		{"self IPI bit 8", X_SELF, BIT(8) | 0x41},
		{"self IPI bit 32", X_SELF, BIT(32) | 0x41},
		{"ICR bit 12", X_ICR, BIT(12) | ICR_SELF | 0x41},
		{"ICR bit 13", X_ICR, BIT(13) | ICR_SELF | 0x41},
		{"ICR bit 16", X_ICR, BIT(16) | ICR_SELF | 0x41},
		{"ICR bit 17", X_ICR, BIT(17) | ICR_SELF | 0x41},
		{"ICR bit 20", X_ICR, BIT(20) | ICR_SELF | 0x41},
		{"ICR bit 31", X_ICR, BIT(31) | ICR_SELF | 0x41},
		{"lowest priority", X_ICR, ICR_LOWEST | ICR_SELF | 0x41},
		{"SMI", X_ICR, 2u << 8 | ICR_SELF},
		{"delivery mode 3", X_ICR, 3u << 8 | ICR_SELF | 0x41},
		{"INIT", X_ICR, 5u << 8 | ICR_OTHERS},
		{"startup", X_ICR, 6u << 8 | ICR_OTHERS},
		{"delivery mode 7", X_ICR, 7u << 8 | ICR_SELF | 0x41},
	};
	uint64_t icr;

	apic_begin(END_BY_CALL);
	icr = apic_get(X_ICR);
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		test_case("%s", row[i].name);
		CHECK_EQ(apic_put(row[i].msr, row[i].value), SVSM_ERR_INVALID_PARAMETER);
	}
	test_case("nothing has changed");
	CHECK_EQ(apic_get(X_ICR), icr);
	CHECK_EQ(apic_get(X_TPR), 0);
	apic_window();
	CHECK_EQ(apic_log[0].taken, 0);
	apic_end();
}

/* APM vol. 2, 16.13 and 16.14: cluster in 31:16, a bit for the place in it. */
TEST(ldr, "ldr", "LDR follows from the APIC ID", "svsm:9:ldr apm:apic:destination")
{
	uint64_t id;

	apic_begin(END_BY_CALL);
	id = apic_get(X_ID);
	CHECK_EQ(id, percpu()->apic_id);
	CHECK_EQ(apic_get(X_LDR), (id >> 4) << 16 | 1u << (id & 0xf));
	apic_end();
}

/* TPR's class is CR8; the subclass, which delivers nothing, need not be kept. */
TEST(tpr, "tpr", "TPR is CR8 by the protocol, and PPR follows it", "svsm:9:tpr apm:apic:tpr")
{
	uint64_t cr8;

	apic_begin(END_BY_CALL);
	for (uint64_t tpr = 0; tpr < 0x100; tpr += 0x10) {
		CHECK_EQ(apic_put(X_TPR, tpr), SVSM_SUCCESS);
		CHECK_EQ(apic_get(X_TPR), tpr);
		CHECK_EQ(apic_get(X_PPR), tpr);
		__asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
		CHECK_EQ(cr8, tpr >> 4);
		__asm__ volatile("mov %0, %%cr8" : : "r"((uint64_t)(15 - (tpr >> 4))));
		CHECK_EQ(apic_get(X_TPR), (15 - (tpr >> 4)) << 4);
	}
	CHECK_EQ(apic_put(X_TPR, 0xff), SVSM_SUCCESS);
	CHECK_EQ(apic_get(X_TPR) >> 4, 0xf);
	apic_end();
}

TEST(icr, "icr-read", "ICR reads as it was written", "svsm:9:icr")
{
	uint64_t icr = ICR_TO(0x1234567) | ICR_ASSERT | 0x41; /* nobody there */

	apic_begin(END_BY_CALL);
	CHECK_EQ(apic_put(X_ICR, icr), SVSM_SUCCESS);
	CHECK_EQ(apic_get(X_ICR), icr);
	apic_end();
}
