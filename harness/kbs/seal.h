/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a key server computes (docs/key-release.md), by libcrypto: the same formulas as the SVSM's
 * services/lib/release/release_crypto.c from the other side, and none of its code. False: libcrypto
 * fails, or a stranger's point is on no curve.
 */
#include <openssl/evp.h>

#include "abi/host/key_release.h"

struct point {
	uint8_t x[RELEASE_COORDINATE], y[RELEASE_COORDINATE];
};

#define SEAL_SECRET_MAX                                                                            \
	(sizeof(struct release_secret) + RELEASE_KEYS_MAX * sizeof(struct release_key))

struct sealed {
	struct point epk;
	uint8_t wrapped_cek[RELEASE_KEY + 8], iv[12], tag[16];
	char aad[64]; /* the protected header as JWE has it */
	uint8_t secret[SEAL_SECRET_MAX];
	size_t secret_len;
	uint8_t signature[96];
};

enum seal_form {
	SEAL_COCONUT, /* SHA-512 of key and challenge */
	SEAL_TRUSTEE, /* SHA-384 of runtime data */
};

/* What REPORT_DATA has to be. */
bool seal_report_data(enum seal_form form, const struct point *key, const uint8_t *challenge,
		      size_t challenge_len, uint8_t data[64]);
/* Encrypts for that point, and signs for that REPORT_DATA; signer NULL: no signature. */
bool seal_for(const struct point *to, const void *secret, size_t n, const uint8_t data[64],
	      EVP_PKEY *signer, struct sealed *out);
/* Whoever has that key can make it: with RELEASE_SEALED or RELEASE_BURNT as words. */
bool seal_proof(const char *words, const struct release_key *key, const uint8_t *challenge,
		size_t challenge_len, uint8_t proof[32]);
