/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Which calls there are, and which services and manifests of them. 58019, tables 10 and 13. */
#include "bare/attest/ask.h"
#include "lib/string.h"

TEST(query, "query", "QUERY_PROTOCOL has version 1, and its answer agrees with the calls",
     "svsm:6.7:query")
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL),
			      .rcx = (uint64_t)SVSM_PROTO_ATTEST << 32 | 1};

	CHECK_EQ(svsm_call(&c), SVSM_SUCCESS);
	CHECK_EQ((uint32_t)c.rcx, 1);
	CHECK_GE(c.rcx >> 32, 1);
	if (scope_own())
		CHECK_EQ(c.rcx >> 32, 1); /* a version 2 is only proposed */
}

TEST(unknown_calls, "unknown-calls", "calls that the protocol does not have are refused",
     "svsm:5:call")
{
	static const uint32_t calls[] = {2, 3, 0x80, 0x7fffffff, 0x80000000, 0xffffffff};

	for (unsigned i = 0; i < ARRAY_LEN(calls); i++) {
		struct ask a = ask_vtpm(0);

		test_case("call 0x%x", calls[i]);
		a.call = SVSM_CALL(SVSM_PROTO_ATTEST, calls[i]);
		ask_refused(&a, SVSM_ERR_UNSUPPORTED_CALL, SVSM_ERR_UNSUPPORTED_CALL);
	}
}

static void refuse_service(const uint8_t guid[16])
{
	struct ask a = ask_vtpm(0);

	memcpy(a.op.service, guid, 16);
	ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
}

/* The bytes as the text of a GUID reads: RFC 4122, which the GHCB's certificate table uses. */
TEST(services, "service-unknown",
     "a service that is not there is refused, by each byte of its GUID",
     "svsm:7:service svsm:7:guid")
{
	static const uint8_t none[16], manifest[16] = ATTEST_GUID_SERVICES,
				       vtpm[16] = ATTEST_GUID_VTPM;
	static const uint8_t as_text[16] = {0xc4, 0x76, 0xf1, 0xeb, 0x01, 0x23, 0x45, 0xa5,
					    0x96, 0x41, 0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3};
	struct ask a = ask_vtpm(0);

	test_case("none");
	refuse_service(none);
	test_case("the services manifest's own");
	refuse_service(manifest);
	test_case("the vTPM's in big endian order");
	refuse_service(as_text);
	for (unsigned i = 0; i < 16; i++) {
		uint8_t other[16];

		test_case("another byte %u", i);
		memcpy(other, vtpm, sizeof(other));
		other[i] ^= (uint8_t)BIT(i % 8);
		refuse_service(other);
	}
	test_case("the vTPM");
	ask_succeeds(&a);
}

TEST(versions, "manifest-version", "a version of a manifest that is not there is refused",
     "svsm:7:version")
{
	static const uint32_t versions[] = {2, 3, 0x100, 0x10000, 0x1000000, 0x80000000, ~0u};

	for (unsigned i = 0; i < ARRAY_LEN(versions); i++) {
		struct ask a = ask_vtpm(versions[i]);

		test_case("version 0x%x", versions[i]);
		ask_refused(&a, SVSM_ERR_INVALID_PARAMETER, SVSM_ERR_INVALID_PARAMETER);
	}
}
