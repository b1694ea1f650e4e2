/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The cryptography of a stranger's key server, by other functions of libcrypto than the SVSM's. */
#include <jansson.h>
#include <openssl/evp.h>
#include "base/types.h"

struct key_sealed {
	uint8_t x[66], y[66]; /* the server's own key */
	uint8_t wrapped[40], aad[5], iv[12], tag[16], secret[256];
	uint8_t signature[96];
};

/* One of two signers, made once. */
EVP_PKEY *key_signer(unsigned which);
/* Its coordinates, n bytes each, one behind the other. */
void key_point(EVP_PKEY *key, uint8_t *xy, size_t n);
/* What REPORT_DATA has to be for these parameters. */
void key_report_data(const char *params, const uint8_t *challenge, uint32_t len,
		     const uint8_t x[66], const uint8_t y[66], uint8_t data[64]);
/* Encrypts for the point x, y. */
void key_seal(struct key_sealed *k, const uint8_t x[66], const uint8_t y[66], const uint8_t *secret,
	      uint32_t len);
void key_sign(struct key_sealed *k, EVP_PKEY *signer, const uint8_t data[64], uint32_t secret_len);
