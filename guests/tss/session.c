/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Sessions, and the digest a policy must have. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/session.h"

const TPMT_SYM_DEF session_no_cipher = {.algorithm = TPM2_ALG_NULL};
const TPMT_SYM_DEF session_aes_cfb = {
	.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
const TPMT_SYM_DEF session_xor = {.algorithm = TPM2_ALG_XOR,
				  .keyBits.exclusiveOr = TPM2_ALG_SHA256};

static ESYS_TR start(TPM2_SE type, ESYS_TR salt, ESYS_TR bind, const TPMT_SYM_DEF *cipher)
{
	ESYS_TR session;

	OK(Esys_StartAuthSession(tss, salt, bind, NO_SESSION, NULL, type, cipher, TPM2_ALG_SHA256,
				 &session));
	session_flags(session, 0);
	return session;
}

ESYS_TR session_hmac(ESYS_TR salt, ESYS_TR bind, const TPMT_SYM_DEF *cipher)
{
	return start(TPM2_SE_HMAC, salt, bind, cipher);
}

ESYS_TR session_policy(void)
{
	return start(TPM2_SE_POLICY, ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
}

ESYS_TR session_trial(void)
{
	return start(TPM2_SE_TRIAL, ESYS_TR_NONE, ESYS_TR_NONE, &session_no_cipher);
}

/* continueSession is always set: a session of a test lives until session_flush(). */
void session_flags(ESYS_TR session, TPMA_SESSION flags)
{
	OK(Esys_TRSess_SetAttributes(tss, session, flags | TPMA_SESSION_CONTINUESESSION, 0xff));
}

TPM2B_DIGEST session_digest(ESYS_TR session)
{
	TPM2B_DIGEST *digest, out;

	OK(Esys_PolicyGetDigest(tss, session, NO_SESSION, &digest));
	out = *digest;
	Esys_Free(digest);
	return out;
}

void session_flush(ESYS_TR session)
{
	OK(Esys_FlushContext(tss, session));
}

/*
 * Calculates the policyDigest that the TPM should have: the hash of the digest before (zeros at
 * first), the command code, and the command's data. So a test compares it with a value that the TPM
 * did not supply.
 */
void policy_extend(TPM2B_DIGEST *digest, TPM2_CC cc, const void *data, size_t len)
{
	uint8_t bytes[32 + 4 + 512] = {0};

	REQUIRE(len <= 512);
	if (digest->size)
		memcpy(bytes, digest->buffer, 32);
	for (int i = 0; i < 4; i++)
		bytes[32 + i] = cc >> (24 - 8 * i);
	if (len)
		memcpy(bytes + 36, data, len);
	*digest = crypto_digest(TPM2_ALG_SHA256, bytes, 36 + len);
}

void policy_extend_entity(TPM2B_DIGEST *digest, TPM2_CC cc, const TPM2B_NAME *entity)
{
	policy_extend(digest, cc, entity->name, entity->size);
	*digest = crypto_digest(TPM2_ALG_SHA256, digest->buffer, digest->size); /* no policyRef */
}
