/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A service that dies, as by a fault (docs/vtpm.md, "State"): the command under way is
 * answered TPM_RC_FAILURE, and the TPM starts anew with its permanent state. A guest that could
 * kill the service on purpose must not gain a TPM that looks freshly reset (TPM 2.0 Library, part
 * 1, 12): no PCR that measures has a value that a reset gives.
 */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"
#include "lib/string.h"

static void kill(void)
{
	struct svsm_call c = {0};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_KILL), &c), SVSM_SUCCESS);
}

/* SHA-256 of the ECC P-256 EK's public, by the TPM itself */
static struct digest ek_digest(void)
{
	struct svsm_call c = {.rcx = (uint64_t)vtpm_page(), .rdx = 1};
	struct digest d = {{0}};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_EK), &c), SVSM_SUCCESS);
	REQUIRE(c.rcx > 64 && c.rcx < 512);
	REQUIRE_EQ(tpm(0, "0000017d [ %m ] 000b 40000007", vtpm_page(), (unsigned)c.rcx), 0);
	memcpy(d.b, tpm_response()->data + 12, SHA256_SIZE);
	return d;
}

static bool measured(unsigned pcr)
{
	return pcr != 16 && pcr < 23;
}

/* No PCR that measures has the value of a reset, and neither Startup nor PCR_Reset gives it one. */
static void check_spoiled(void)
{
	struct digest first = pcr_read(0);

	for (unsigned n = 0; n < 24; n++) {
		struct digest d = pcr_read(n);

		test_case("PCR %u", n);
		CHECK_EQ(digest_is(d, 0) || digest_is(d, 0xff), !measured(n));
	}
	test_case("Startup");
	CHECK_EQ(tpm(0, "00000144 0000"), TPM_RC_INITIALIZE);
	CHECK_EQ(tpm(3, "00000144 0000"), TPM_RC_INITIALIZE);
	CHECK_EQ(tpm(0, "00000144 0001"), TPM_RC_INITIALIZE);
	test_case("PCR_Reset");
	CHECK_EQ(tpm(0, "0000013d 00000000 @pw"), TPM_RC_LOCALITY);
	CHECK_EQ(tpm(4, "0000013d 00000011 @pw"), TPM_RC_LOCALITY);
	CHECK(digest_same(first, pcr_read(0)));
}

static void prepare(void)
{
	vtpm_fresh();
	counter_define();
	for (unsigned n = 0; n < 16; n++)
		REQUIRE_EQ(pcr_extend(0, n), 0);
}

/* What is permanent is there after the death, and what is volatile is gone. */
static void check_after(struct digest ek, uint64_t count, uint32_t session)
{
	CHECK_EQ(counter_read(), count);
	CHECK(digest_same(ek, ek_digest()));
	CHECK_EQ(flush(session), TPM_RC_P1_HANDLE);
	check_spoiled();
	/* The platform hierarchy has an unknown password now, so it is shut until a power cycle. */
	CHECK_NE(tpm(0, "00000126 %4 @pw", PLATFORM), 0);
	vtpm_fresh();
	CHECK(digest_is(pcr_read(0), 0));
	CHECK(digest_same(ek, ek_digest()));
}

TEST(idle, "kill-idle", "the service dies between two commands: state kept, PCRs spoiled",
     "keelson:service-death")
{
	struct vtpm_stats before, after;
	struct digest ek;
	uint64_t count;
	uint32_t session, code;

	prepare();
	ek = ek_digest();
	count = counter_read();
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 00 0010 000b", 16));
	before = vtpm_stats();
	kill();
	code = tpm(0, "0000017b 0008");
	CHECK(code == 0 || code == TPM_RC_FAILURE); /* FAILURE: it was sent before the death */
	CHECK_EQ(tpm(0, "0000017b 0008"), 0);
	after = vtpm_stats();
	CHECK_EQ(after.restarts, before.restarts + 1);
	check_after(ek, count, session);
}

TEST(working, "kill-working",
     "the service dies over a long command: FAILURE for that one, then the TPM works again",
     "keelson:service-death")
{
	static struct tpm_message slow;
	struct digest ek;
	uint64_t count;
	uint32_t session;

	prepare();
	ek = ek_digest();
	count = counter_read();
	session = new_handle(tpm(0, "00000176 40000007 40000007 [ %z ] [] 00 0010 000b", 16));
	tpm_build(&slow, TEXT_CREATE_RSA_3072, make_storage_key());
	REQUIRE_EQ(vtpm_once(0, &slow, tpm_response()), TPM_RC_RETRY);
	kill();
	CHECK_EQ(vtpm_send(0, &slow, tpm_response()), TPM_RC_FAILURE);
	still_works();
	check_after(ek, count, session);
}
