/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Policies on what an index holds, what a command names, when it runs: part 3, 23.9 to 23.22. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/nv.h"
#include "tss/sealed.h"
#include "tss/session.h"

/* policyDigest := H(policyDigest || cc || H(operand || offset || operation) || name of the index)
 */
static void policy_nv(TPM2B_DIGEST *policy, const char *operand, TPM2_EO operation, ESYS_TR index)
{
	uint8_t args[12] = {0}, bytes[32 + sizeof(TPM2B_NAME)];
	TPM2B_DIGEST hash;
	TPM2B_NAME *name;

	memcpy(args, operand, 8);
	args[11] = operation;
	hash = crypto_digest(TPM2_ALG_SHA256, args, sizeof(args));
	OK(Esys_TR_GetName(tss, index, &name));
	memcpy(bytes, hash.buffer, 32);
	memcpy(bytes + 32, name->name, name->size);
	policy_extend(policy, TPM2_CC_PolicyNV, bytes, 32 + name->size);
}

TSS_TEST(policy_nv_compare, "policy-nv", "PolicyNV opens while the comparison holds: all twelve")
{
	static const struct {
		TPM2_EO operation;
		const char *holds, *fails; /* against "middle55" */
	} table[] = {
		{TPM2_EO_EQ, "middle55", "middle56"},
		{TPM2_EO_NEQ, "middle56", "middle55"},
		{TPM2_EO_SIGNED_GT, "aiddle55", "middle55"},
		{TPM2_EO_UNSIGNED_GT, "middle54", "middle55"},
		{TPM2_EO_SIGNED_LT, "niddle55", "middle55"},
		{TPM2_EO_UNSIGNED_LT, "\xffiddle55", "middle55"},
		{TPM2_EO_SIGNED_GE, "\xffiddle55", "middle56"},
		{TPM2_EO_UNSIGNED_GE, "middle55", "\xffiddle55"},
		{TPM2_EO_SIGNED_LE, "middle55", "\xffiddle55"},
		{TPM2_EO_UNSIGNED_LE, "\xffiddle55", "middle54"},
		{TPM2_EO_BITSET, "middle55", "\xffiddle55"},
		{TPM2_EO_BITCLEAR, "\x80\0\0\0\0\0\0\0", "middle55"},
	};
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, NULL, NULL), session = session_policy();
	TPM2B_OPERAND operand = {.size = 8};
	TPM2B_DIGEST policy;

	nv_write(index, "middle55", 8, 0);
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		OK(Esys_PolicyRestart(tss, session, NO_SESSION));
		memcpy(operand.buffer, table[i].fails, 8);
		FAILS(Esys_PolicyNV(tss, index, index, session, PASSWORD, &operand, 0,
				    table[i].operation),
		      TPM2_RC_POLICY);
		memcpy(operand.buffer, table[i].holds, 8);
		OK(Esys_PolicyNV(tss, index, index, session, PASSWORD, &operand, 0,
				 table[i].operation));
		policy.size = 0;
		policy_nv(&policy, table[i].holds, table[i].operation, index);
		POLICY_IS(session, &policy);
	}
}

TSS_TEST(policy_nv_written, "policy-nv-written", "PolicyNvWritten lets an index be written once")
{
	TPM2B_MAX_NV_BUFFER data = {.size = 8};
	ESYS_TR session = session_policy(), index;
	TPM2B_DIGEST policy = {0};
	uint8_t no = TPM2_NO;

	policy_extend(&policy, TPM2_CC_PolicyNvWritten, &no, 1);
	index = nv_define(1, TPMA_NV_POLICYWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA, 8, NULL,
			  &policy);
	OK(Esys_PolicyNvWritten(tss, session, NO_SESSION, TPM2_NO));
	POLICY_IS(session, &policy);
	OK(Esys_NV_Write(tss, index, index, BY(session), &data, 0));
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicyNvWritten(tss, session, NO_SESSION, TPM2_NO));
	FAILS(Esys_NV_Write(tss, index, index, BY(session), &data, 0),
	      RC_S(TPM2_RC_POLICY_FAIL, 1));
}

TSS_TEST(policy_authorize_nv, "policy-authorize-nv", "the policy that an index holds is the policy")
{
	TPM2B_DIGEST approved = {0}, policy = {0};
	ESYS_TR session, index = nv_define(2, NV_PLAIN, 34, NULL, NULL);
	uint8_t alg_and_digest[34] = {TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 & 0xff};
	TPM2B_NAME *name;
	struct key k;

	policy_extend(&approved, TPM2_CC_PolicyAuthValue, NULL, 0);
	memcpy(alg_and_digest + 2, approved.buffer, 32);
	nv_write(index, alg_and_digest, sizeof(alg_and_digest), 0);
	OK(Esys_TR_GetName(tss, index, &name));
	policy_extend(&policy, TPM2_CC_PolicyAuthorizeNV, name->name, name->size);
	k = sealed_by(&policy);
	session = session_policy();
	FAILS(Esys_PolicyAuthorizeNV(tss, index, index, session, PASSWORD), TPM2_RC_VALUE);
	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	OK(Esys_PolicyAuthorizeNV(tss, index, index, session, PASSWORD));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
}

/* cpHash of TPM2_Unseal on that object: H(cc || name), no parameters. Part 1, 16.7. */
static TPM2B_DIGEST unseal_cp_hash(const TPM2B_NAME *name)
{
	static const uint8_t cc[] = {0, 0, 1, 0x5e};

	return crypto_digest2(TPM2_ALG_SHA256, cc, 4, name->name, name->size);
}

TSS_TEST(policy_cp_hash, "policy-cp-hash", "PolicyCpHash enters the digest and may be set once")
{
	TPM2B_DIGEST one = crypto_digest(TPM2_ALG_SHA256, "one", 3), policy = {0};
	TPM2B_DIGEST two = crypto_digest(TPM2_ALG_SHA256, "two", 3);
	ESYS_TR session = session_policy();

	policy_extend(&policy, TPM2_CC_PolicyCpHash, one.buffer, one.size);
	OK(Esys_PolicyCpHash(tss, session, NO_SESSION, &one));
	POLICY_IS(session, &policy);
	FAILS(Esys_PolicyCpHash(tss, session, NO_SESSION, &two), TPM2_RC_CPHASH);
}

TSS_TEST(policy_cp_bound, "policy-cp-bound", "a cpHash given to PolicySecret binds the command")
{
	static const TPM2B_NAME owner = {.size = 4, .name = {0x40, 0, 0, 1}};
	TPM2B_NAME other = {.size = 34, .name = {0, TPM2_ALG_SHA256}}, mine;
	ESYS_TR session = session_policy();
	TPM2B_DIGEST hash, policy = {0};
	TPM2B_TIMEOUT *timeout;
	TPMT_TK_AUTH *ticket;
	struct key k;

	policy_extend_entity(&policy, TPM2_CC_PolicySecret, &owner);
	k = sealed_by(&policy);
	mine = key_name(k.public);
	hash = unseal_cp_hash(&mine);
	OK(Esys_PolicySecret(tss, ESYS_TR_RH_OWNER, session, PASSWORD, NULL, &hash, NULL, 0,
			     &timeout, &ticket));
	OK(sealed_open(&k, session));
	hash = unseal_cp_hash(&other);
	OK(Esys_PolicyRestart(tss, session, NO_SESSION));
	OK(Esys_PolicySecret(tss, ESYS_TR_RH_OWNER, session, PASSWORD, NULL, &hash, NULL, 0,
			     &timeout, &ticket));
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_POLICY_FAIL, 1));
}

TSS_TEST(policy_name_hash, "policy-name-hash", "PolicyNameHash opens for the objects it names only")
{
	TPM2B_DIGEST hash = crypto_digest(TPM2_ALG_SHA256, "no object's name", 16), policy = {0};
	ESYS_TR session = session_policy();
	struct key k;

	policy_extend(&policy, TPM2_CC_PolicyNameHash, hash.buffer, hash.size);
	k = sealed_by(&policy);
	OK(Esys_PolicyNameHash(tss, session, NO_SESSION, &hash));
	POLICY_IS(session, &policy);
	FAILS(sealed_open(&k, session), RC_S(TPM2_RC_POLICY_FAIL, 1));
}

TSS_TEST(policy_timer, "policy-counter-timer", "PolicyCounterTimer compares the TPM's clock")
{
	ESYS_TR session = session_policy();
	TPM2B_OPERAND past = {.size = 8}, future = {.size = 8};

	memset(future.buffer, 0x7f, 8);
	/* Offset 8: the clock, after the time of TPMS_TIME_INFO. */
	OK(Esys_PolicyCounterTimer(tss, session, NO_SESSION, &past, 8, TPM2_EO_UNSIGNED_GE));
	OK(Esys_PolicyCounterTimer(tss, session, NO_SESSION, &future, 8, TPM2_EO_UNSIGNED_LT));
	FAILS(Esys_PolicyCounterTimer(tss, session, NO_SESSION, &future, 8, TPM2_EO_UNSIGNED_GT),
	      TPM2_RC_POLICY);
}
