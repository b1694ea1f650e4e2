/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What an attestation command signed. */
#include "tss/keys.h"

/*
 * Checks the signature with libcrypto, the magic, the type (TPM2_ST_ATTEST_...), that it holds our
 * qualifying data, and that the signer named is that key; gives the content.
 */
TPMS_ATTEST attest_check(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature,
			 const struct key *signer, TPMI_ST_ATTEST type, const TPM2B_DATA *ours);
/* Fresh qualifying data. */
TPM2B_DATA attest_nonce(void);
/* An attestation key in the endorsement hierarchy: RSASSA-2048 or ECDSA P-256. */
struct key attest_key_rsa(void);
struct key attest_key_ecc(void);
extern const TPMT_SIG_SCHEME attest_own_scheme; /* the key's */
