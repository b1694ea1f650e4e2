/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The first answers of a boot (main.c), and that all later commands have the ordinary pace. */
#include "bare/firmware/firmware.h"
#include "bare/lib/test.h"
#include "lib/string.h"

TEST(startup_once, "startup-once",
     "TPM2_Startup(CLEAR), sent once as the guest's first deed, succeeds", "keelson:vtpm:ready")
{
	CHECK_EQ(firmware.first.code, 0);
	CHECK_EQ(firmware.first.response.len, 10);
}

/* Whichever comes first: a random number, or TPM_RC_INITIALIZE because nobody has started it. */
TEST(second_once, "second-once",
     "a command of the second vCPU at the same time has the TPM's own answer", "keelson:vtpm:ready")
{
	uint32_t code = firmware.second.code;

	if (!firmware.two)
		test_skip("one vCPU");
	CHECK(firmware.back);
	CHECK(code == 0 || code == TPM_RC_INITIALIZE);
	CHECK_EQ(firmware.second.response.len, code ? 10 : 20);
}

/* TPM2_IncrementalSelfTest with an empty list: toDoList is what was not tested yet. */
TEST(self_tested, "self-tested", "no algorithm is left to be tested", "keelson:vtpm:ready")
{
	CHECK_EQ(tpm(0, "00000142 00000000"), 0);
	CHECK_EQ(tpm_response()->len, 14);
	CHECK_EQ(tpm_get(tpm_response(), 10, 4), 0);
}

/* PC Client Platform TPM Profile, table 4. The SVSM is no firmware of a guest that is one itself.
 */
TEST(unmeasured, "unmeasured", "nobody has extended a PCR before the guest", "keelson:vtpm:ready")
{
	static const uint8_t zero[32];
	const struct tpm_message *r = tpm_response();

	for (unsigned pcr = 0; pcr < 16; pcr++) {
		test_case("PCR %u", pcr);
		CHECK_EQ(tpm(0, "0000017e 00000001 000b 03 %1 %1 00", pcr < 8 ? 1u << pcr : 0,
			     pcr < 8 ? 0 : 1u << (pcr - 8)),
			 0);
		REQUIRE_EQ(r->len, 10u + 4 + 10 + 4 + 2 + 32);
		CHECK(memcmp(r->data + r->len - 32, zero, 32) == 0);
	}
}

TEST(later_long, "later-long", "a long command behind the first one is put off as ever",
     "keelson:vtpm:ready")
{
	static struct tpm_message c, r;

	/* TPM2_CreatePrimary: RSA-2048 in the owner's hierarchy, the storage key's template */
	tpm_build(&c, "00000131 40000001 @pw [ [] [] ] "
		      "[ 0001 000b 00030072 [] 0006 0080 0043 0010 0800 00000000 [] ] [] 00000000");
	CHECK_EQ(vtpm_once(0, &c, &r), TPM_RC_RETRY);
	CHECK_EQ(vtpm_send(0, &c, &r), 0);
}
