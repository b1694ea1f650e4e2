/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Endorsement keys: TCG EK Credential Profile for TPM 2.0, 2.5, annex B. */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"
#include "abi/service.h"
#include "lib/string.h"

#define POLICY_A "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
#define POLICY_B_SHA384                                                                            \
	"b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"                         \
	"cb47ba09699646150f9fc000f3f80e12"

struct ek_row {
	const char *name;
	enum vtpm_key which;
	const char *template; /* TPM2_CreatePrimary in the endorsement hierarchy; %z: unique */
	unsigned unique[2];
};

static const struct ek_row rows[] = {
	{"ECC P-256, L-2",
	 VTPM_EK_ECC_P256,
	 "00000131 4000000b @pw [ [] [] ] [ 0023 000b 000300b2 [ " POLICY_A
	 " ] 0006 0080 0043 0010 0003 0010 [ %z ] [ %z ] ] [] 00000000",
	 {32, 32}},
	{"ECC P-384, H-3",
	 VTPM_EK_ECC_P384,
	 "00000131 4000000b @pw [ [] [] ] [ 0023 000c 000300f2 [ " POLICY_B_SHA384
	 " ] 0006 0100 0043 0010 0004 0010 [ %z ] [ %z ] ] [] 00000000",
	 {0, 0}},
	{"RSA-2048, L-1",
	 VTPM_EK_RSA2048,
	 "00000131 4000000b @pw [ [] [] ] [ 0001 000b 000300b2 [ " POLICY_A
	 " ] 0006 0080 0043 0010 0800 00000000 [ %z ] ] [] 00000000",
	 {256, 0}},
};

static uint32_t ask(const struct ek_row *row, uint8_t out[512])
{
	struct svsm_call c = {.rcx = (uint64_t)vtpm_page(), .rdx = row->which};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_EK), &c), SVSM_SUCCESS);
	REQUIRE(c.rcx <= 512);
	memcpy(out, vtpm_page(), c.rcx);
	return (uint32_t)c.rcx;
}

TEST(same, "ek-public", "the EKs that the SVSM vouches for are those of the TCG's templates",
     "tpm:ek:template")
{
	static uint8_t public[512];
	const struct tpm_message *r = tpm_response();

	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t len, handle;

		test_case("%s", rows[i].name);
		len = ask(&rows[i], public);
		handle = new_handle(tpm(0, rows[i].template, rows[i].unique[0], rows[i].unique[1]));
		CHECK_EQ(tpm_skip(r, 18) - 18, len); /* outPublic, behind handle and size */
		CHECK_EQ(memcmp(r->data + 18, public, len), 0);
		CHECK_EQ(flush(handle), 0);
	}
}

static bool same_key(const struct ek_row *row, const uint8_t *before, uint32_t len)
{
	static uint8_t now[512];

	return ask(row, now) == len && memcmp(now, before, len) == 0;
}

TEST(lasting, "ek-lasting", "the EK outlives Clear and reset, and goes with its seed",
     "tpm:ek:seed")
{
	static uint8_t first[512];
	uint32_t len;

	vtpm_fresh();
	len = ask(&rows[0], first);
	vtpm_fresh();
	CHECK(same_key(&rows[0], first, len));
	test_case("before Startup");
	vtpm_reset();
	CHECK(same_key(&rows[0], first, len));
	CHECK_EQ(tpm(0, "0000017b 0008"), TPM_RC_INITIALIZE); /* still not started */
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	test_case("hierarchy off and with a password");
	REQUIRE_EQ(tpm(0, "00000129 4000000b @pw [ %s ]", "password"), 0);
	CHECK(same_key(&rows[0], first, len));
	REQUIRE_EQ(tpm(0, "00000121 4000000c @pw 4000000b 00"), 0);
	CHECK(same_key(&rows[0], first, len));
	vtpm_fresh();
	test_case("ChangeEPS");
	REQUIRE_EQ(tpm(0, "00000124 4000000c @pw"), 0);
	CHECK(!same_key(&rows[0], first, len));
}

/* tests/integration/test_vtpm_raw.py compares the names of two machines. */
TEST(own, "ek-own", "the name of this TPM's EK goes to the run's facts", "keelson:vtpm:unique")
{
	static uint8_t public[512];
	uint32_t len;
	char hex[2 * SHA256_SIZE + 1];

	vtpm_fresh();
	len = ask(&rows[0], public);
	REQUIRE_EQ(tpm(0, "0000017d [ %m ] 000b 40000007", public, len), 0);
	for (unsigned i = 0; i < SHA256_SIZE; i++) {
		uint8_t b = tpm_response()->data[12 + i];

		hex[2 * i] = "0123456789abcdef"[b >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[b & 15];
	}
	hex[2 * SHA256_SIZE] = 0;
	test_info("vtpm_ek", "%s", hex);
	CHECK_NE(len, 0);
}
