/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The protocol itself: versions, features, errors of calls and of their arguments. */
#include "bare/apic/driver.h"
#include "bare/core/calls.h"

TEST(query, "query", "protocol 3 has version 1, and no other", "svsm:9:query")
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL)};

	if (!apic_protocol())
		test_skip("this vCPU's APIC is the hypervisor's");
	c.rcx = (uint64_t)SVSM_PROTO_APIC << 32 | 1;
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ((uint32_t)c.rcx, 1); /* the least version */
	CHECK_GE(c.rcx >> 32, 1);
	c = (struct svsm_call){.rax = CORE(QUERY_PROTOCOL), .rcx = (uint64_t)SVSM_PROTO_APIC << 32};
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(c.rcx, 0);
}

TEST(features, "features", "QUERY_FEATURES has nothing beyond the calls", "svsm:9:features")
{
	struct svsm_call c = {.rax = APIC3(QUERY_FEATURES), .rcx = ~0ull, .rdx = 5, .r8 = 6};

	apic_begin(END_BY_CALL);
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(c.rcx, 0);
	CHECK_EQ(c.rdx, 5);
	CHECK_EQ(c.r8, 6);
	apic_end();
}

TEST(arguments, "arguments", "unknown calls and bad arguments are refused and change nothing",
     "svsm:5:call svsm:9:configure svsm:9:vector")
{
	static const struct call_row rows[] = {
		{"call 5", SVSM_CALL(3, 5), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"call ~0", SVSM_CALL(3, ~0u), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"configure 3", APIC3(CONFIGURE), 3, 2, 3, 4, SVSM_ERR_INVALID_PARAMETER},
		{"configure 4", APIC3(CONFIGURE), 4, 2, 3, 4, SVSM_ERR_INVALID_PARAMETER},
		{"configure with a high bit", APIC3(CONFIGURE), BIT(32), 2, 3, 4,
		 SVSM_ERR_INVALID_PARAMETER},
		{"configure ~0", APIC3(CONFIGURE), ~0ull, 2, 3, 4, SVSM_ERR_INVALID_PARAMETER},
		{"vector bit 10", APIC3(CONFIGURE_VECTOR), BIT(10) | 0x41, 2, 3, 4,
		 SVSM_ERR_INVALID_PARAMETER},
		{"vector bit 32", APIC3(CONFIGURE_VECTOR), BIT(32) | 0x41, 2, 3, 4,
		 SVSM_ERR_INVALID_PARAMETER},
		{"vector bit 63", APIC3(CONFIGURE_VECTOR), BIT(63) | 0x41, 2, 3, 4,
		 SVSM_ERR_INVALID_PARAMETER},
	};

	apic_begin(END_BY_CALL);
	calls_run(rows, ARRAY_LEN(rows));
	apic_end();
}

TEST(count, "registrations", "REGISTER and DEREGISTER count; emulation goes on while any is left",
     "svsm:9:configure")
{
	apic_begin(END_BY_CALL);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(apic_call(APIC3(CONFIGURE), SVSM_APIC_REGISTER, 0), SVSM_SUCCESS);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(apic_call(APIC3(CONFIGURE), SVSM_APIC_DEREGISTER, 0), SVSM_SUCCESS);
		CHECK_EQ(apic_call(APIC3(CONFIGURE), SVSM_APIC_QUERY, 0), SVSM_SUCCESS);
		CHECK(apic_protocol());
	}
	apic_end();
}
