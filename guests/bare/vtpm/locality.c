/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What each locality may do to each PCR: TCG PC Client Platform TPM Profile 1.05, table 4. Bit n of
 * a mask is locality n. TPM2_PCR_Reset at locality 4 is never allowed: there the hardware's own
 * _TPM_Hash_Start resets (part 1, 17.5). At locality 3 it resets PCRs 20 to 22 of libtpms 0.10, and
 * none of 0.9; each must do what it says of itself (part 2, TPM_PT_PCR_RESET_L3).
 */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"

struct pcr_rule {
	unsigned first, last;
	uint8_t extend, reset, at_start;
};

static const struct pcr_rule rules[] = {
	{0, 15, 0x1f, 0, 0},     {16, 16, 0x1f, 0x0f, 0},    {17, 18, 0x1c, 0, 0xff},
	{19, 19, 0x0c, 0, 0xff}, {20, 20, 0x0e, 0x04, 0xff}, {21, 22, 0x04, 0x04, 0xff},
	{23, 23, 0x1f, 0x0f, 0},
};

static uint32_t expected(uint8_t mask, unsigned locality)
{
	return mask & BIT(locality) ? 0 : TPM_RC_LOCALITY;
}

TEST(pcr_start, "pcr-start", "after Startup(CLEAR) PCRs 17 to 22 are all ones, the others zero",
     "tpm:pcr:start")
{
	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		for (unsigned n = rules[i].first; n <= rules[i].last; n++) {
			test_case("PCR %u", n);
			CHECK(digest_is(pcr_read(n), rules[i].at_start));
		}
	}
}

/* What the TPM itself says of locality 3. */
static bool resets_at_3(unsigned pcr)
{
	enum {
		SELECT = 10 + 1 + 4 + 4 + 4
	}; /* moreData, capability, count, property */

	REQUIRE_EQ(tpm(0, "0000017a 00000007 00000008 00000001"), 0);
	REQUIRE_EQ(tpm_get(tpm_response(), SELECT, 1), 3);
	return tpm_get(tpm_response(), SELECT + 1 + pcr / 8, 1) & BIT(pcr % 8);
}

static uint8_t reset_mask(const struct pcr_rule *r, unsigned pcr)
{
	return (uint8_t)(r->reset | (pcr >= 20 && pcr <= 22 && resets_at_3(pcr) ? BIT(3) : 0));
}

/* Extend and reset, each at all localities; a refused one leaves the PCR as it was. */
static void one_pcr(const struct pcr_rule *r, unsigned n)
{
	uint8_t reset = reset_mask(r, n);

	for (unsigned l = 0; l <= 4; l++) {
		struct digest before = pcr_read(n);

		test_case("PCR %u, locality %u", n, l);
		CHECK_EQ(pcr_extend((uint8_t)l, n), expected(r->extend, l));
		CHECK_EQ(digest_same(before, pcr_read(n)), !(r->extend & BIT(l)));
		before = pcr_read(n);
		CHECK_EQ(tpm((uint8_t)l, "0000013d %4 @pw", n), expected(reset, l));
		if (reset & BIT(l))
			CHECK(digest_is(pcr_read(n), 0));
		else
			CHECK(digest_same(before, pcr_read(n)));
	}
}

TEST(pcr_locality, "pcr-locality", "who may extend and reset each of the 24 PCRs, by locality",
     "tpm:pcr:locality")
{
	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++) {
		for (unsigned n = rules[i].first; n <= rules[i].last; n++)
			one_pcr(&rules[i], n);
	}
}

TEST(startup_locality, "startup-locality",
     "TPM2_Startup is for localities 0 and 3, and PCR 0 tells which it was", "tpm:startup:locality")
{
	for (unsigned l = 0; l <= 4; l++) {
		struct digest d;

		test_case("locality %u", l);
		vtpm_reset();
		if (l != 0 && l != 3) {
			CHECK_EQ(tpm((uint8_t)l, "00000144 0000"), TPM_RC_LOCALITY);
			CHECK_EQ(tpm(0, "0000017b 0008"), TPM_RC_INITIALIZE);
			continue;
		}
		REQUIRE_EQ(tpm((uint8_t)l, "00000144 0000"), 0);
		d = pcr_read(0);
		CHECK_EQ(d.b[SHA256_SIZE - 1], l);
		d.b[SHA256_SIZE - 1] = 0;
		CHECK(digest_is(d, 0));
	}
}

/* TPMS_CREATION_DATA.locality in CreatePrimary's response: part 2, 15.1. */
static unsigned creation_locality(uint8_t locality)
{
	const struct tpm_message *r = tpm_response();
	uint32_t handle = new_handle(tpm(locality,
					 "00000131 %4 @pw [ [] [] ] [ 0008 000b 00040472 [] 0005 "
					 "000b [] ] [] 00000000",
					 OWNER));
	uint32_t at = tpm_skip(r, tpm_parameters(r, true)); /* outPublic */
	unsigned l = (unsigned)tpm_get(r, tpm_skip(r, at + 2 + 4), 1);

	CHECK_EQ(flush(handle), 0);
	return l;
}

TEST(locality_own, "locality-own", "a command's locality is its own, not the one before's",
     "tpm:locality:own")
{
	static const uint8_t order[] = {4, 0, 3, 1, 2, 0, 4, 4, 0, 1};

	vtpm_fresh();
	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		test_case("call %u, locality %u", i, order[i]);
		CHECK_EQ(creation_locality(order[i]), BIT(order[i]));
		CHECK_EQ(pcr_extend(order[i], 17), expected(0x1c, order[i]));
		CHECK_EQ(pcr_extend(0, 17), TPM_RC_LOCALITY);
	}
}

TEST(policy_locality, "policy-locality",
     "PolicyLocality: an index is written from the locality its policy names, and no other",
     "tpm:policy:locality")
{
	static const uint8_t only3[] = "\x08"; /* TPMA_LOCALITY: three */
	uint8_t policy[SHA256_SIZE];
	uint32_t session;

	vtpm_fresh();
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 03 0010 000b", 16));
	REQUIRE_EQ(tpm(0, "0000016f %4 %m", session, only3, 1), 0);
	REQUIRE_EQ(tpm(0, "00000189 %4", session), 0);
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		policy[i] = tpm_response()->data[12 + i];
	CHECK_EQ(flush(session), 0);
	/* POLICYWRITE, AUTHREAD, NO_DA */
	REQUIRE_EQ(tpm(0, "0000012a %4 @pw [] [ 01800003 000b 02040008 [ %m ] 0008 ]", OWNER,
		       policy, SHA256_SIZE),
		   0);
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 01 0010 000b", 16));
	for (unsigned i = 0; i < 8; i++) {
		uint8_t l = (uint8_t)(i % 2 ? 3 : i / 2 == 3 ? 4 : i / 2);

		test_case("locality %u", l);
		REQUIRE_EQ(tpm(0, "00000180 %4", session), 0);
		REQUIRE_EQ(tpm(0, "0000016f %4 08", session), 0);
		CHECK_EQ(tpm(l, "00000137 01800003 01800003 @%4 [ %z ] 0000", session, 8),
			 expected(0x08, l));
	}
	CHECK_EQ(flush(session), 0);
	CHECK_EQ(tpm(0, "00000122 %4 01800003 @pw", OWNER), 0);
}
