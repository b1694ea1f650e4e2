/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What holds for every call, and the two calls that name no memory: 58019, 4 and table 1 (secrets
 * page), 5 (calling convention), 6.7 (QUERY_PROTOCOL), 6.8 (CONFIGURE_VTOM). */
#include "bare/core/calls.h"
#include "bare/lib/vmpl.h"
#include "abi/secrets.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/vmpl2.h"

TEST(secrets, "secrets-page",
     "the secrets page tells SVSM range, calling area, VMPL; VMPCK0 and 1 wiped",
     "svsm:4:secrets svsm:4:vmpck keelson:vmpck1")
{
	const struct snp_secrets *s = vmpl_secrets();
	uint8_t low = 0, own = 0;

	CHECK_EQ(s->svsm_guest_vmpl, VMPL_GUEST);
	CHECK_NE(s->svsm_size, 0);
	CHECK_EQ(s->svsm_base, vmpl2_info()->svsm.base);
	CHECK_EQ(s->svsm_size, vmpl2_info()->svsm.size);
	CHECK_EQ(s->svsm_caa, (uint64_t)percpu()->caa);
	CHECK(IS_ALIGNED(s->svsm_caa, PAGE_SIZE));
	CHECK_GE(s->svsm_max_version, 1);
	for (unsigned i = 0; i < 32; i++) {
		low |= s->vmpck[0][i] | s->vmpck[1][i];
		own |= s->vmpck[2][i];
	}
	CHECK_EQ(low, 0);
	CHECK_NE(own, 0);
}

TEST(unknown, "unknown-calls", "unknown calls and protocols are refused, nothing else changes",
     "svsm:5:protocol svsm:5:call svsm:7:absent")
{
	static const struct call_row rows[] = {
		{"core call 8", SVSM_CALL(0, 8), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"core call 0x7fffffff", SVSM_CALL(0, 0x7fffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
		{"core call 0xffffffff", SVSM_CALL(0, 0xffffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
		{"attestation", SVSM_CALL(SVSM_PROTO_ATTEST, 0), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 4", SVSM_CALL(4, 0), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 0x100", SVSM_CALL(0x100, 1), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 0x80000000", SVSM_CALL(0x80000000, 0), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 0xffffffff", SVSM_CALL(0xffffffff, 0xffffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
	};

	calls_run(rows, ARRAY_LEN(rows));
}

struct query_row {
	const char *name, *rule;
	uint32_t protocol, version;
	uint64_t rcx; /* max << 32 | min, 0 when unsupported */
};

TEST(query_protocol, "query-protocol",
     "QUERY_PROTOCOL: versions of the core protocol, and what does not exist",
     "svsm:6.7:query svsm:7:absent")
{
	static const struct query_row rows[] = {
		{"core 0", "svsm:6.7:query", SVSM_PROTO_CORE, 0, 0},
		{"core 1", "svsm:6.7:query", SVSM_PROTO_CORE, 1, 1ull << 32 | 1},
		{"core 2", "svsm:6.7:query", SVSM_PROTO_CORE, 2, 0},
		{"core 0xffffffff", "svsm:6.7:query", SVSM_PROTO_CORE, 0xffffffff, 0},
		{"attestation", "svsm:7:absent", SVSM_PROTO_ATTEST, 1, 0},
		{"protocol 4", "svsm:6.7:query", 4, 1, 0},
		{"protocol 0x7fffffff", "svsm:6.7:query", 0x7fffffff, 1, 0},
		{"protocol 0xffffffff", "svsm:6.7:query", 0xffffffff, 1, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL)};

		c.rcx = (uint64_t)rows[i].protocol << 32 | rows[i].version;
		test_case_of(rows[i].rule, "%s", rows[i].name);
		CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
		CHECK_EQ(c.rcx, rows[i].rcx);
	}
}

/* 6.8, table 9 */
TEST(configure_vtom, "configure-vtom",
     "CONFIGURE_VTOM: the query says unsupported, a change is refused, reserved bits are 0",
     "svsm:6.8:query svsm:6.8:refuse svsm:6.8:reserved")
{
	static const struct {
		uint64_t rcx, rax;
	} rows[] = {
		{0, SVSM_ERR_INVALID_REQUEST},        {2, SVSM_ERR_INVALID_REQUEST},
		{0x1e, SVSM_ERR_INVALID_REQUEST},     {0x10000002, SVSM_ERR_INVALID_REQUEST},
		{0x20, SVSM_ERR_INVALID_PARAMETER},   {0x800, SVSM_ERR_INVALID_PARAMETER},
		{~1ull, SVSM_ERR_INVALID_PARAMETER},  {3, SVSM_ERR_INVALID_PARAMETER},
		{0x1001, SVSM_ERR_INVALID_PARAMETER}, {~0ull, SVSM_ERR_INVALID_PARAMETER},
	};
	struct svsm_call c = {.rax = CORE(CONFIGURE_VTOM), .rcx = 1};

	test_case("query");
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ(c.rcx, 0);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		test_case("rcx 0x%llx", (unsigned long long)rows[i].rcx);
		CHECK_EQ(svsm(CORE(CONFIGURE_VTOM), rows[i].rcx, 0, 0, 0), rows[i].rax);
	}
}

/* QUERY_PROTOCOL with recognisable registers; call_pending as given. */
static struct svsm_call raw(uint8_t pending)
{
	struct svsm_call c = {CORE(QUERY_PROTOCOL), 1, 2, 3, 4, 0};

	svsm_call_raw(&c, percpu()->caa, pending);
	CHECK_EQ(c.rcx, 1);
	CHECK_EQ(c.rdx, 2);
	CHECK_EQ(c.r8, 3);
	CHECK_EQ(c.r9, 4);
	return c;
}

/* 5: the guest did not call; registers come back as they were. */
TEST(not_pending, "not-pending", "an exit without call_pending is no call", "svsm:5:pending")
{
	CHECK_EQ(raw(0).rax, CORE(QUERY_PROTOCOL));
}

/* Table 4 */
TEST(pending_reserved, "pending-reserved", "a reserved value in call_pending: INVALID_FORMAT",
     "svsm:5:pending-reserved")
{
	static const uint8_t values[] = {2, 0x7f, 0x80, 0x81, 0xff};

	for (unsigned i = 0; i < sizeof(values); i++) {
		struct svsm_call c;

		test_case("call_pending = %u", values[i]);
		c = raw(values[i]);
		CHECK_EQ(c.rax, SVSM_ERR_INVALID_FORMAT);
		CHECK_EQ(c.pending, 0);
	}
}

TEST(by_ghcb, "call-by-ghcb", "the same call by the GHCB's RUN_VMPL event", "ghcb:run-vmpl:event")
{
	for (unsigned i = 0; i < 20; i++) {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

		CHECK_EQ(svsm_call_ghcb(&c), SVSM_SUCCESS);
		CHECK_EQ(c.pending, 0);
		CHECK_EQ(c.rcx, 1ull << 32 | 1);
	}
}
