/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Sign with the TPM, verify with the TPM and with libcrypto. */
#include "tss/crypto.h"
#include "tss/sign.h"

static const TPMT_SIG_SCHEME keys_own = {.scheme = TPM2_ALG_NULL};
/* Part 2, 10.7.6: no ticket; enough for a key that is not restricted. */
static const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};

TPMT_SIGNATURE *sign_digest(const struct key *k, const TPM2B_DIGEST *digest)
{
	TPMT_SIGNATURE *signature;

	OK(Esys_Sign(tss, k->handle, PASSWORD, digest, &keys_own, &no_ticket, &signature));
	return signature;
}

void sign_round_trip(const struct key *k, TPMI_ALG_SIG_SCHEME scheme)
{
	TPM2B_DIGEST digest = crypto_digest(k->public->publicArea.nameAlg, "message", 7);
	TPMT_SIGNATURE *signature;
	TPMT_TK_VERIFIED *ticket;

	crypto_random(digest.buffer, digest.size);
	signature = sign_digest(k, &digest);
	CHECK_EQ(signature->sigAlg, scheme);
	CHECK(crypto_verify(k->public, &digest, signature));
	OK(Esys_VerifySignature(tss, k->handle, NO_SESSION, &digest, signature, &ticket));
	digest.buffer[3] ^= 0x10;
	CHECK(!crypto_verify(k->public, &digest, signature));
	FAILS(Esys_VerifySignature(tss, k->handle, NO_SESSION, &digest, signature, &ticket),
	      RC_P(TPM2_RC_SIGNATURE, 2));
}
