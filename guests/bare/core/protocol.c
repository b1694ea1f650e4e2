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
     "svsm:4:secrets svsm:4:caa svsm:4:vmpck keelson:vmpck1")
{
	const struct snp_secrets *s = vmpl_secrets();
	uint8_t first = 0, low = 0, own = 0;

	CHECK_EQ(s->svsm_guest_vmpl, vmpl_own);
	CHECK_GE(s->svsm_guest_vmpl, 1);
	CHECK_LE(s->svsm_guest_vmpl, 3);
	CHECK_NE(s->svsm_size, 0);
	CHECK_EQ(s->svsm_base, vmpl2_info()->svsm.base);
	CHECK_EQ(s->svsm_size, vmpl2_info()->svsm.size);
	CHECK_EQ(s->svsm_caa, (uint64_t)percpu()->caa);
	CHECK(IS_ALIGNED(s->svsm_caa, PAGE_SIZE));
	CHECK_GE(s->svsm_max_version, 1);
	CHECK(s->svsm_caa < s->svsm_base || s->svsm_caa >= s->svsm_base + s->svsm_size);
	for (unsigned i = 0; i < 32; i++) {
		first |= s->vmpck[0][i];
		low |= s->vmpck[1][i];
		own |= s->vmpck[2][i];
	}
	CHECK_EQ(first, 0);
	if (!test_case_asked("keelson:vmpck1", "the key of VMPL1, and the guest's own"))
		return;
	CHECK_EQ(low, 0);
	CHECK_NE(own, 0);
}

TEST(unknown, "unknown-calls", "unknown calls and protocols are refused, nothing else changes",
     "svsm:5:protocol svsm:5:call")
{
	static const struct call_row rows[] = {
		{"core call 8", SVSM_CALL(0, 8), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_CALL},
		{"core call 0x7fffffff", SVSM_CALL(0, 0x7fffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
		{"core call 0xffffffff", SVSM_CALL(0, 0xffffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_CALL},
		{"protocol 0x100", SVSM_CALL(0x100, 1), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 0x80000000", SVSM_CALL(0x80000000, 0), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
		{"protocol 0xffffffff", SVSM_CALL(0xffffffff, 0xffffffff), 1, 2, 3, 4,
		 SVSM_ERR_UNSUPPORTED_PROTOCOL},
	};

	/* what this project's SVSM has not got, and another one may have */
	static const struct call_row absent = {
		"protocol 4", SVSM_CALL(4, 0), 1, 2, 3, 4, SVSM_ERR_UNSUPPORTED_PROTOCOL};

	calls_run(rows, ARRAY_LEN(rows));
	if (scope_own() || !calls_has_protocol(4))
		calls_run(&absent, 1);
}

/* RCX of the answer: max << 32 | min, 0 when that version is not there */
static uint64_t versions(uint32_t protocol, uint32_t version)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL),
			      .rcx = (uint64_t)protocol << 32 | version};

	test_case("protocol 0x%x, version %u", protocol, version);
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	return c.rcx;
}

TEST(query_protocol, "query-protocol",
     "QUERY_PROTOCOL: versions of the core protocol, and what does not exist", "svsm:6.7:query")
{
	uint64_t core = versions(SVSM_PROTO_CORE, 1);

	CHECK_EQ((uint32_t)core, 1);
	CHECK_GE(core >> 32, 1);
	if (scope_own())
		CHECK_EQ(core >> 32, 1);
	CHECK_EQ(versions(SVSM_PROTO_CORE, 0), 0);
	CHECK_EQ(versions(SVSM_PROTO_CORE, (uint32_t)(core >> 32) + 1), 0);
	CHECK_EQ(versions(SVSM_PROTO_CORE, 0xffffffff), 0);
	CHECK_EQ(versions(0x7fffffff, 1), 0);
	CHECK_EQ(versions(0xffffffff, 1), 0);
}

TEST(query_absent, "query-absent", "QUERY_PROTOCOL: what this SVSM has not got",
     "svsm:6.7:query svsm:7:present")
{
	CHECK_EQ(versions(SVSM_PROTO_ATTEST, 1), 1ull << 32 | 1);
	CHECK_EQ(versions(SVSM_PROTO_ATTEST, 2), 0);
	CHECK_EQ(versions(4, 1), 0);
}

/* 6.8, table 9 */
TEST(configure_vtom, "configure-vtom",
     "CONFIGURE_VTOM: the query says unsupported, a change is refused, reserved bits are 0",
     "svsm:6.8:query svsm:6.8:refuse svsm:6.8:reserved")
{
	/* Of reserved bits 58019 says that an SVSM may refuse them: one that does not answers as if
	 * they were clear. */
	static const struct {
		uint64_t rcx, rax, also;
	} rows[] = {
		{0, SVSM_ERR_INVALID_REQUEST, SVSM_ERR_INVALID_REQUEST},
		{2, SVSM_ERR_INVALID_REQUEST, SVSM_ERR_INVALID_REQUEST},
		{0x1e, SVSM_ERR_INVALID_REQUEST, SVSM_ERR_INVALID_REQUEST},
		{0x10000002, SVSM_ERR_INVALID_REQUEST, SVSM_ERR_INVALID_REQUEST},
		{0x20, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_REQUEST},
		{0x800, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_REQUEST},
		{~1ull, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_REQUEST},
		{3, SVSM_ERR_INVALID_PARAMETER, SVSM_SUCCESS},
		{0x1001, SVSM_ERR_INVALID_PARAMETER, SVSM_SUCCESS},
		{~0ull, SVSM_ERR_INVALID_PARAMETER, SVSM_SUCCESS},
	};
	struct svsm_call c = {.rax = CORE(CONFIGURE_VTOM), .rcx = 1};

	test_case("query");
	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	if (c.rcx & BIT(1) && !scope_own())
		test_skip("this SVSM can configure vTOM, which would change the guest's memory");
	CHECK_EQ(c.rcx, 0);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		test_case("rcx 0x%llx", (unsigned long long)rows[i].rcx);
		CHECK_ANSWER(svsm(CORE(CONFIGURE_VTOM), rows[i].rcx, 0, 0, 0), rows[i].rax,
			     rows[i].also);
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
