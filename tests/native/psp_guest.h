/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A guest's half of guest messages, written by the specification's offsets and not by the structs
 * of the code under test: SEV-SNP firmware ABI (56860), "Guest Messages".
 */
#include "tests/native/check.h"
#include "base/types.h"

#include <openssl/evp.h>
#include <string.h>

#define MSG_PAGE 4096

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = n; i--;)
		v = v << 8 | p[i];
	return v;
}

/* A header in plain text, with the payload behind it. */
static void msg_plain(uint8_t *m, uint64_t seqno, uint8_t type, uint8_t vmpck, const void *payload,
		      size_t n)
{
	memset(m, 0, MSG_PAGE);
	put_le(m + 0x20, seqno, 8);
	m[0x30] = 1;
	m[0x31] = 1;
	put_le(m + 0x32, 0x60, 2);
	m[0x34] = type;
	m[0x35] = 1;
	put_le(m + 0x36, n, 2);
	m[0x3c] = vmpck;
	memcpy(m + 0x60, payload, n);
}

static void msg_iv(const uint8_t *m, uint8_t iv[12])
{
	memset(iv, 0, 12);
	memcpy(iv, m + 0x20, 8);
}

/* Seals n bytes in place; the tag goes to the front. */
static void msg_seal(uint8_t *m, const uint8_t *key, size_t n)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[12];
	int out;

	msg_iv(m, iv);
	CHECK(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv) &&
	      EVP_EncryptUpdate(c, NULL, &out, m + 0x30, 0x30) &&
	      EVP_EncryptUpdate(c, m + 0x60, &out, m + 0x60, (int)n) &&
	      EVP_EncryptFinal_ex(c, m + 0x60 + n, &out) &&
	      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, m));
	EVP_CIPHER_CTX_free(c);
}

/* The payload of a response, in place. False: its tag does not fit. */
static bool msg_open(uint8_t *m, const uint8_t *key)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = (int)get_le(m + 0x36, 2), out;
	uint8_t iv[12];
	bool ok;

	msg_iv(m, iv);
	ok = EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv) &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, 16, m) &&
	     EVP_DecryptUpdate(c, NULL, &out, m + 0x30, 0x30) &&
	     EVP_DecryptUpdate(c, m + 0x60, &out, m + 0x60, n) &&
	     EVP_DecryptFinal_ex(c, m + 0x60 + n, &out) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}
