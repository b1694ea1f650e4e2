/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* libcrypto as the judge of what the TPM computed. Every function ends the test when libcrypto
 * itself fails; a wrong signature is only false. */
#include <openssl/evp.h>

#include "tss/tss.h"

/* ---- digest.c ---- */
const char *crypto_hash_name(TPMI_ALG_HASH alg); /* as OpenSSL calls it */
TPM2B_DIGEST crypto_digest(TPMI_ALG_HASH alg, const void *data, size_t len);
/* H(a || b): what an extend computes. */
TPM2B_DIGEST crypto_digest2(TPMI_ALG_HASH alg, const void *a, size_t a_len, const void *b,
			    size_t b_len);
TPM2B_DIGEST crypto_hmac(TPMI_ALG_HASH alg, const void *key, size_t key_len, const void *data,
			 size_t len);
void crypto_random(void *to, size_t len);

/* ---- pubkey.c ---- */
EVP_PKEY *crypto_public(const TPM2B_PUBLIC *public); /* RSA or ECC */
/* The signature over that digest holds, in the signature's own scheme and hash. */
bool crypto_verify(const TPM2B_PUBLIC *public, const TPM2B_DIGEST *digest, const TPMT_SIGNATURE *s);
/* The same over a message, which is hashed first with the signature's hash. */
bool crypto_verify_message(const TPM2B_PUBLIC *public, const void *data, size_t len,
			   const TPMT_SIGNATURE *s);
EVP_PKEY *crypto_generate_ecc(const char *curve); /* "P-256" */
TPM2B_ECC_POINT crypto_point(EVP_PKEY *ecc);
