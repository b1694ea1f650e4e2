/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The cryptography of a key release, by libcrypto: ECDH-ES+A256KW with P-521 (RFC 7518, 4.6.2; RFC
 * 3394), AES-256-GCM, ECDSA with P-384, and the hashes that REPORT_DATA is. Each returns false when
 * libcrypto fails, or what is opened or checked does not fit.
 */
#include <openssl/evp.h>
#include "services/lib/release/release_words.h"

/* A fresh key; NULL: no random numbers, or no memory. */
EVP_PKEY *release_key_new(struct release_point *public);
bool release_report_data(const struct release_terms *terms, const struct release_point *key,
			 uint8_t data[64]);
/* Is the answer, to that REPORT_DATA, signed by that point of P-384? */
bool release_is_signed(const struct release_answer *a, const uint8_t data[64],
		       const uint8_t signer[RELEASE_SIGNER]);
/* a->secret_len bytes of the secret, in plain text. False: out holds nothing. */
bool release_open(const struct release_answer *a, EVP_PKEY *key, uint8_t out[RELEASE_SECRET_MAX]);
/* HMAC-SHA-256 with that key over words, epoch and challenge. words: RELEASE_SEALED or
 * RELEASE_BURNT. */
bool release_proof(const char *words, const struct release_key *key, const uint8_t *challenge,
		   uint32_t challenge_len, uint8_t proof[32]);
