/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Policies that ask another key, hierarchy or index: part 3, sections 23.3 to 23.5, 23.9, 23.16. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/nv.h"
#include "tss/sealed.h"
#include "tss/session.h"
#include "tss/sign.h"

TSS_TEST(policy_secret, "policy-secret", "PolicySecret opens by the owner's authorization")
{
	static const TPM2B_NAME owner = {.size = 4, .name = {0x40, 0, 0, 1}};
	TPM2B_DIGEST policy = {0};
	TPMT_TK_AUTH *ticket;
	TPM2B_TIMEOUT *timeout;
	struct key k;
	ESYS_TR session;

	policy_extend_entity(&policy, TPM2_CC_PolicySecret, &owner);
	k = sealed_by(&policy);
	session = session_policy();
	OK(Esys_PolicySecret(tss, ESYS_TR_RH_OWNER, session, PASSWORD, NULL, NULL, NULL, 0,
			     &timeout, &ticket));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
}

/* Part 3, 23.3: the authorizer signs H(nonceTPM || expiration || cpHashA || policyRef). */
static TPM2B_DIGEST to_be_signed(ESYS_TR session, int32_t expiration, TPM2B_NONCE **nonce)
{
	uint32_t seconds = __builtin_bswap32((uint32_t)expiration);

	OK(Esys_TRSess_GetNonceTPM(tss, session, nonce));
	return crypto_digest2(TPM2_ALG_SHA256, (*nonce)->buffer, (*nonce)->size, &seconds, 4);
}

TSS_TEST(policy_signed, "policy-signed", "PolicySigned opens by a signature over this session only")
{
	struct key signer = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	TPM2B_NAME name = key_name(signer.public);
	TPM2B_DIGEST policy = {0}, digest;
	ESYS_TR session, other;
	TPMT_SIGNATURE *signature;
	TPM2B_TIMEOUT *timeout;
	TPMT_TK_AUTH *ticket;
	TPM2B_NONCE *nonce;
	struct key k;

	policy_extend_entity(&policy, TPM2_CC_PolicySigned, &name);
	k = sealed_by(&policy);
	session = session_policy();
	other = session_policy();
	digest = to_be_signed(session, 0, &nonce);
	signature = sign_digest(&signer, &digest);
	FAILS(Esys_PolicySigned(tss, signer.handle, other, NO_SESSION, nonce, NULL, NULL, 0,
				signature, &timeout, &ticket),
	      RC_P(TPM2_RC_NONCE, 1));
	OK(Esys_PolicySigned(tss, signer.handle, session, NO_SESSION, nonce, NULL, NULL, 0,
			     signature, &timeout, &ticket));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
}

TSS_TEST(policy_signed_bad, "policy-signed-refused",
	 "a signature over something else opens nothing")
{
	struct key signer = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	ESYS_TR session = session_policy();
	TPMT_SIGNATURE *signature;
	TPM2B_TIMEOUT *timeout;
	TPMT_TK_AUTH *ticket;
	TPM2B_NONCE *nonce;
	TPM2B_DIGEST digest = to_be_signed(session, 1000, &nonce);

	signature = sign_digest(&signer, &digest);
	FAILS(Esys_PolicySigned(tss, signer.handle, session, NO_SESSION, nonce, NULL, NULL, 0,
				signature, &timeout, &ticket),
	      RC_P(TPM2_RC_SIGNATURE, 5));
}

TSS_TEST(policy_ticket, "policy-ticket", "the ticket of a PolicySigned stands for it later")
{
	struct key signer = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	TPM2B_NAME name = key_name(signer.public);
	ESYS_TR session = session_policy(), later = session_policy();
	TPMT_SIGNATURE *signature;
	TPM2B_TIMEOUT *timeout;
	TPM2B_DIGEST digest, policy;
	TPMT_TK_AUTH *ticket;
	TPM2B_NONCE *nonce;

	/* A negative expiration asks for a ticket; its size is the seconds it lives. */
	digest = to_be_signed(session, -100000, &nonce);
	signature = sign_digest(&signer, &digest);
	OK(Esys_PolicySigned(tss, signer.handle, session, NO_SESSION, nonce, NULL, NULL, -100000,
			     signature, &timeout, &ticket));
	CHECK(ticket->digest.size > 0);
	policy = session_digest(session);
	OK(Esys_PolicyTicket(tss, later, NO_SESSION, timeout, NULL, NULL, &name, ticket));
	POLICY_IS(later, &policy);
	ticket->digest.buffer[0] ^= 1;
	FAILS(Esys_PolicyTicket(tss, later, NO_SESSION, timeout, NULL, NULL, &name, ticket),
	      RC_P(TPM2_RC_TICKET, 5));
}

TSS_TEST(policy_authorize, "policy-authorize", "an approved policy takes the place of the old one")
{
	struct key signer = key_primary(
		ESYS_TR_RH_OWNER, /* a ticket of the null hierarchy proves nothing */
		key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA), key_secret(NULL, NULL, 0));
	TPM2B_NAME name = key_name(signer.public);
	TPM2B_DIGEST policy = {0}, approved = {0}, hash;
	ESYS_TR session;
	TPMT_TK_VERIFIED *ticket;
	TPM2B_NONCE no_ref = {0};
	struct key k;

	policy_extend_entity(&policy, TPM2_CC_PolicyAuthorize, &name);
	k = sealed_by(&policy);
	policy_extend(&approved, TPM2_CC_PolicyAuthValue, NULL, 0);
	hash = crypto_digest(TPM2_ALG_SHA256, approved.buffer, approved.size);
	OK(Esys_VerifySignature(tss, signer.handle, NO_SESSION, &hash, sign_digest(&signer, &hash),
				&ticket));
	session = session_policy();
	FAILS(Esys_PolicyAuthorize(tss, session, NO_SESSION, &approved, &no_ref, &name, ticket),
	      RC_P(TPM2_RC_VALUE, 1));
	OK(Esys_PolicyAuthValue(tss, session, NO_SESSION));
	OK(Esys_PolicyAuthorize(tss, session, NO_SESSION, &approved, &no_ref, &name, ticket));
	POLICY_IS(session, &policy);
	OK(sealed_open(&k, session));
}
