/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Protection against dictionary attacks: TPM 2.0 Library, part 1, 19.8. */
#include "bare/vtpm/common.h"
#include "bare/lib/test.h"

#define TRIES 4

/* An HMAC key with the password "right" that the protection counts wrong tries for. */
static uint32_t protected_key(void)
{
	return new_handle(
		tpm(0,
		    "00000131 %4 @pw [ [ %s ] [] ] [ 0008 000b 00040072 [] 0005 000b [] ] "
		    "[] 00000000",
		    OWNER, "right"));
}

/* TPM2_HMAC with a password of five letters: the authorization area is written out */
static uint32_t use(uint32_t key, const char *password)
{
	static struct tpm_message c;

	tpm_build(&c, "00000155 %4 0000000e 40000009 0000 01 [ %s ] [ %s ] 000b", key, password,
		  "data");
	c.data[1] = 2; /* TPM_ST_SESSIONS */
	return vtpm_send(0, &c, tpm_response());
}

static uint32_t set_parameters(void)
{
	/* TRIES, an hour to forget one, an hour for the lockout's own password */
	return tpm(0, "0000013a %4 @pw %4 00000e10 00000e10", LOCKOUT, TRIES);
}

static unsigned lockout_counter(void)
{
	/* TPM_PT_LOCKOUT_COUNTER: moreData, capability, count, property, value */
	REQUIRE_EQ(tpm(0, "0000017a 00000006 0000020e 00000001"), 0);
	return (unsigned)tpm_get(tpm_response(), 10 + 1 + 4 + 4 + 4, 4);
}

static void lock(uint32_t key)
{
	for (unsigned i = 0; i < TRIES; i++) {
		test_case("wrong password, %u", i + 1);
		CHECK_EQ(lockout_counter(), i);
		CHECK_EQ(use(key, "wrong"), TPM_RC_S1_AUTH_FAIL);
	}
	test_case("locked");
	CHECK_EQ(use(key, "wrong"), TPM_RC_LOCKOUT);
	CHECK_EQ(use(key, "right"), TPM_RC_LOCKOUT);
}

TEST(lockout, "lockout", "wrong passwords lock the TPM; DictionaryAttackLockReset opens it",
     "tpm:lockout:tries")
{
	uint32_t key, open;

	vtpm_fresh();
	REQUIRE_EQ(set_parameters(), 0);
	key = protected_key();
	open = make_hmac_key(); /* its wrong tries do not count */
	CHECK_EQ(use(key, "right"), 0);
	lock(key);
	CHECK_EQ(tpm(0, "00000155 %4 @pw [ %s ] 000b", open, "data"), 0);
	still_works();
	CHECK_EQ(tpm(0, "00000139 %4 @pw", LOCKOUT), 0);
	CHECK_EQ(lockout_counter(), 0);
	CHECK_EQ(use(key, "right"), 0);
	vtpm_fresh();
}

TEST(lockout_reset, "lockout-reset", "a power cycle does not open a locked TPM",
     "tpm:lockout:lasting")
{
	uint32_t key;

	vtpm_fresh();
	REQUIRE_EQ(set_parameters(), 0);
	lock(protected_key());
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	key = protected_key();
	CHECK_EQ(use(key, "right"), TPM_RC_LOCKOUT);
	CHECK_GE(lockout_counter(), TRIES);
	vtpm_fresh();
	key = protected_key();
	CHECK_EQ(use(key, "right"), 0);
	CHECK_EQ(flush(key), 0);
}

TEST(lockout_own, "lockout-own", "the lockout's own password may be wrong once", "tpm:lockout:own")
{
	vtpm_fresh();
	REQUIRE_EQ(set_parameters(), 0);
	REQUIRE_EQ(tpm(0, "00000129 %4 @pw [ %s ]", LOCKOUT, "own"), 0);
	CHECK_EQ(tpm(0, "00000139 %4 @pw", LOCKOUT), TPM_RC_S1_AUTH_FAIL);
	CHECK_EQ(tpm(0, "00000139 %4 @pw", LOCKOUT), TPM_RC_LOCKOUT);
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	CHECK_EQ(tpm(0, "00000139 %4 @pw", LOCKOUT), TPM_RC_LOCKOUT);
	vtpm_fresh();
	CHECK_EQ(tpm(0, "00000139 %4 @pw", LOCKOUT), 0);
}
