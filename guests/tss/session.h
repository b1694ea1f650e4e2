/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Authorization sessions, all with SHA-256, and policy digests computed here. */
#include "tss/tss.h"

extern const TPMT_SYM_DEF session_no_cipher, session_aes_cfb, session_xor;

/* salt: a decryption key, bind: an object whose authorization enters the session key; either may be
 * ESYS_TR_NONE. The session outlives the commands that use it. */
ESYS_TR session_hmac(ESYS_TR salt, ESYS_TR bind, const TPMT_SYM_DEF *cipher);
ESYS_TR session_policy(void);
ESYS_TR session_trial(void); /* computes a policy digest, authorizes nothing */
void session_flags(ESYS_TR session, TPMA_SESSION flags); /* on top of CONTINUESESSION */
TPM2B_DIGEST session_digest(ESYS_TR session);            /* of a policy, from the TPM */
void session_flush(ESYS_TR session);

/*
 * policyDigest := H(policyDigest || cc || data), part 3, section 23: what most policy commands do.
 * An empty *digest is the zero digest at a policy's start.
 */
void policy_extend(TPM2B_DIGEST *digest, TPM2_CC cc, const void *data, size_t len);
/* Followed by policyDigest := H(policyDigest || ref), as the commands that name an entity do. */
void policy_extend_entity(TPM2B_DIGEST *digest, TPM2_CC cc, const TPM2B_NAME *entity);
/* A session of the kind given in which that policy digest is what the TPM computed. */
#define POLICY_IS(session, expected)                                                               \
	do {                                                                                       \
		TPM2B_DIGEST got_ = session_digest(session), *want_ = (expected);                  \
		SAME(&got_, want_);                                                                \
	} while (0)
