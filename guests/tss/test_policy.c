/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Policies that need no key: the digest is computed here, and the policy opens a sealed object or
 * does not. Part 3, section 23; part 1, section 19.7. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/pcr.h"
#include "tss/sealed.h"
#include "tss/session.h"

static void extend_pcr(ESYS_TR pcr)
{
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "e", 1);
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);

	OK(Esys_PCR_Extend(tss, pcr, PASSWORD, &values));
}

/* pcrs || digest of their values, as PolicyPCR hashes them. */
static void policy_pcr(TPM2B_DIGEST *policy, uint32_t mask)
{
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, mask);
	TPM2B_DIGEST values = pcr_composite(mask);
	uint8_t bytes[64];
	size_t len = 0;

	OK(Tss2_MU_TPML_PCR_SELECTION_Marshal(&pcrs, bytes, sizeof(bytes), &len));
	memcpy(bytes + len, values.buffer, values.size);
	policy_extend(policy, TPM2_CC_PolicyPCR, bytes, len + values.size);
}

TSS_TEST(policy_pcr_test, "policy-pcr", "PolicyPCR opens while the PCRs hold, and not after")
{
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, 1u << PCR_DEBUG | 7);
	TPM2B_DIGEST policy = {0}, no_digest = {0};
	ESYS_TR session = session_policy();
	struct key k;

	policy_pcr(&policy, 1u << PCR_DEBUG | 7);
	k = sealed_by(&policy);
	OK(Esys_PolicyPCR(tss, session, NO_SESSION, &no_digest, &pcrs));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
	extend_pcr(ESYS_TR_PCR16);
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyPCR(tss, session, NO_SESSION, &no_digest, &pcrs));
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_POLICY_FAIL, 1));
}

TSS_TEST(policy_pcr_change, "policy-pcr-changed", "a PCR that changes inside the session closes it")
{
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, 1u << 15);
	TPM2B_DIGEST policy = {0}, no_digest = {0};
	ESYS_TR session = session_policy();
	struct key k;

	policy_pcr(&policy, 1u << 15);
	k = sealed_by(&policy);
	OK(Esys_PolicyPCR(tss, session, NO_SESSION, &no_digest, &pcrs));
	extend_pcr(ESYS_TR_PCR15);
	FAILS(sealed_open(&k, session), TPM2_RC_PCR_CHANGED);
}

/* One command code may be used under that policy. */
static struct key seal_for(TPM2_CC command)
{
	uint8_t cc[] = {command >> 24, command >> 16 & 0xff, command >> 8 & 0xff, command & 0xff};
	TPM2B_DIGEST policy = {0};

	policy_extend(&policy, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	return sealed_by(&policy);
}

TSS_TEST(policy_command, "policy-command-code", "PolicyCommandCode opens for that command only")
{
	struct key k = seal_for(TPM2_CC_Unseal);
	ESYS_TR session = session_policy();

	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_Unseal));
	POLICY_IS(session, &k.public->publicArea.authPolicy);
	OK(sealed_open(&k, session));
	key_flush(&k);
	k = seal_for(TPM2_CC_ObjectChangeAuth);
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_ObjectChangeAuth));
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_POLICY_CC, 1));
}

TSS_TEST(policy_or, "policy-or", "either branch of an OR opens; a third digest does not enter it")
{
	uint8_t cc[] = {0, 0, 1, 0x5e};
	TPM2B_DIGEST left = {0}, right = {0}, policy = {.size = 32};
	TPML_DIGEST branches = {.count = 2};
	ESYS_TR session = session_policy();
	uint8_t both[64];
	struct key k;

	policy_extend(&left, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	policy_extend(&right, TPM2_CC_PolicyAuthValue, NULL, 0);
	branches.digests[0] = left;
	branches.digests[1] = right;
	memcpy(both, left.buffer, 32);
	memcpy(both + 32, right.buffer, 32);
	policy.size = 0; /* an OR starts from the zero digest */
	policy_extend(&policy, TPM2_CC_PolicyOR, both, sizeof(both));
	k = sealed_by(&policy);

	FAILS(Esys_PolicyOR(tss, session, NO_SESSION, &branches), RC_P(TPM2_RC_VALUE, 1));
	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_Unseal));
	OK(Esys_PolicyOR(tss, session, NO_SESSION, &branches));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	OK(Esys_PolicyOR(tss, session, NO_SESSION, &branches));
	OK(sealed_open(&k, session));
}

TSS_TEST(policy_auth, "policy-auth-value",
	 "PolicyAuthValue and PolicyPassword ask for the password")
{
	TPM2B_DIGEST policy = {0};
	ESYS_TR session = session_policy();
	TPM2B_AUTH wrong;
	struct key k;

	policy_extend(&policy, TPM2_CC_PolicyAuthValue, NULL, 0);
	k = sealed_by(&policy);
	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	/* Both have the same digest: part 3, 23.18. */
	OK(Esys_PolicyPassword(tss, session, NO_SESSION));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	tss_auth(&wrong, "wrong");
	OK(Esys_TR_SetAuth(tss, k.handle, &wrong));
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_BAD_AUTH, 1));
}

static struct key seal_at(uint8_t locality)
{
	TPM2B_DIGEST policy = {0};

	policy_extend(&policy, TPM2_CC_PolicyLocality, &locality, 1);
	return sealed_by(&policy);
}

TSS_TEST(policy_locality, "policy-locality", "PolicyLocality for zero opens, for three does not")
{
	struct key k = seal_at(TPMA_LOCALITY_TPM2_LOC_ZERO);
	ESYS_TR session = session_policy();

	OK(Esys_PolicyLocality(tss, session, NO_SESSION, TPMA_LOCALITY_TPM2_LOC_ZERO));
	POLICY_IS(session, &k.public->publicArea.authPolicy);
	OK(sealed_open(&k, session));
	key_flush(&k);
	k = seal_at(TPMA_LOCALITY_TPM2_LOC_THREE);
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyLocality(tss, session, NO_SESSION, TPMA_LOCALITY_TPM2_LOC_THREE));
	FAILS(sealed_open(&k, session), TPM2_RC_LOCALITY);
}

TSS_TEST(policy_wrong, "policy-missing", "without its policy the object stays shut")
{
	TPM2B_DIGEST policy = {0};
	ESYS_TR session = session_policy();
	struct key k;

	policy_extend(&policy, TPM2_CC_PolicyAuthValue, NULL, 0);
	k = sealed_by(&policy);
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_POLICY_FAIL, 1));
	FAILS(sealed_open(&k, ESYS_TR_PASSWORD), TPM2_RC_AUTH_UNAVAILABLE);
}
