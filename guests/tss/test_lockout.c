/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Dictionary attack protection: part 1, section 19.8; part 3, section 25. */
#include "tss/keys.h"
#include "tss/nv.h"

enum {
	TRIES = 3,
	LONG = 100000 /* seconds: none of these tests waits */
};

static void parameters(uint32_t tries, uint32_t recovery, uint32_t lockout)
{
	OK(Esys_DictionaryAttackParameters(tss, ESYS_TR_RH_LOCKOUT, PASSWORD, tries, recovery,
					   lockout));
}

/* A sealed object under dictionary attack protection. */
static struct key protected(void)
{
	struct key parent = key_parent();

	return key_child(&parent, key_sealed(KEY_HERE & ~TPMA_OBJECT_NODA),
			 key_secret("right", "data", 4));
}

static TSS2_RC unseal(const struct key *k, const char *password)
{
	TPM2B_SENSITIVE_DATA *out;
	TPM2B_AUTH auth;

	tss_auth(&auth, password);
	OK(Esys_TR_SetAuth(tss, k->handle, &auth));
	return Esys_Unseal(tss, k->handle, PASSWORD, &out);
}

TSS_TEST(lockout_parameters, "lockout-parameters", "the parameters are set, and shown")
{
	parameters(7, 1234, 5678);
	CHECK_EQ(tss_property(TPM2_PT_MAX_AUTH_FAIL), 7);
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_INTERVAL), 1234);
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_RECOVERY), 5678);
	parameters(TRIES, LONG, LONG);
}

TSS_TEST(lockout_lock, "lockout", "after three wrong tries the right password is locked out too")
{
	struct key k = protected();

	parameters(TRIES, LONG, LONG);
	OK(unseal(&k, "right"));
	for (unsigned i = 0; i < TRIES; i++) {
		CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_COUNTER), i);
		FAILS(unseal(&k, "wrong"), RC_S(TPM2_RC_AUTH_FAIL, 1));
	}
	CHECK(tss_property(TPM2_PT_PERMANENT) & TPMA_PERMANENT_INLOCKOUT);
	FAILS(unseal(&k, "right"), TPM2_RC_LOCKOUT);
	OK(Esys_DictionaryAttackLockReset(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_COUNTER), 0);
	OK(unseal(&k, "right"));
}

TSS_TEST(lockout_exempt, "lockout-exempt",
	 "an object with noDA counts no tries, and works in lockout")
{
	struct key k = protected(), parent, free;

	parameters(1, LONG, LONG);
	FAILS(unseal(&k, "wrong"), RC_S(TPM2_RC_AUTH_FAIL, 1));
	FAILS(unseal(&k, "right"), TPM2_RC_LOCKOUT);
	key_flush(&k);
	parent = key_parent();
	free = key_child(&parent, key_sealed(KEY_HERE), key_secret("right", "data", 4));
	FAILS(unseal(&free, "wrong"), RC_S(TPM2_RC_BAD_AUTH, 1));
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_COUNTER), 1);
	OK(unseal(&free, "right"));
	OK(Esys_DictionaryAttackLockReset(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
	parameters(TRIES, LONG, LONG);
}

TSS_TEST(lockout_none, "lockout-zero-tries", "with no tries at all everything protected is locked")
{
	struct key k = protected();

	parameters(0, LONG, LONG);
	FAILS(unseal(&k, "right"), TPM2_RC_LOCKOUT);
	parameters(TRIES, LONG, LONG);
	OK(unseal(&k, "right"));
}

TSS_TEST(lockout_index, "lockout-nv", "an index without NO_DA counts wrong tries")
{
	ESYS_TR index = nv_define(0, TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE, 8, "right", NULL);
	TPM2B_MAX_NV_BUFFER data = {.size = 8};
	TPM2B_AUTH wrong;

	parameters(TRIES, LONG, LONG);
	tss_auth(&wrong, "wrong");
	OK(Esys_TR_SetAuth(tss, index, &wrong));
	FAILS(Esys_NV_Write(tss, index, index, PASSWORD, &data, 0), RC_S(TPM2_RC_AUTH_FAIL, 1));
	CHECK_EQ(tss_property(TPM2_PT_LOCKOUT_COUNTER), 1);
}
