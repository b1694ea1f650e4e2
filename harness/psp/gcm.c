/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "harness/psp/gcm.h"

#define IV_SIZE 12
#define AAD     offsetof(struct guest_message, algo)

/* The sequence number, little-endian, and zeroes. */
static void iv_of(const struct guest_message *m, uint8_t iv[IV_SIZE])
{
	memset(iv, 0, IV_SIZE);
	memcpy(iv, &m->seqno, sizeof(m->seqno));
}

static const uint8_t *aad_of(const struct guest_message *m)
{
	return (const uint8_t *)m + AAD;
}

bool gcm_seal(struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[IV_SIZE], sealed[GUEST_MESSAGE_PAYLOAD_MAX];
	int n = 0;
	bool ok;

	iv_of(m, iv);
	memset(m->authtag, 0, sizeof(m->authtag));
	ok = c && m->size <= sizeof(sealed) &&
	     EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv) == 1 &&
	     EVP_EncryptUpdate(c, NULL, &n, aad_of(m), GUEST_MESSAGE_HDR_SIZE - AAD) == 1 &&
	     EVP_EncryptUpdate(c, sealed, &n, m->payload, m->size) == 1 &&
	     EVP_EncryptFinal_ex(c, sealed + n, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, GUEST_MESSAGE_TAG, m->authtag) == 1;
	if (ok)
		memcpy(m->payload, sealed, m->size);
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool gcm_open(const struct guest_message *m, const uint8_t key[GUEST_MESSAGE_KEY], uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t iv[IV_SIZE], tag[GUEST_MESSAGE_TAG];
	int n = 0;
	bool ok;

	iv_of(m, iv);
	memcpy(tag, m->authtag, sizeof(tag));
	ok = c && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, iv) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1 &&
	     EVP_DecryptUpdate(c, NULL, &n, aad_of(m), GUEST_MESSAGE_HDR_SIZE - AAD) == 1 &&
	     EVP_DecryptUpdate(c, out, &n, m->payload, m->size) == 1 &&
	     EVP_DecryptFinal_ex(c, out + n, &n) == 1;
	if (!ok)
		OPENSSL_cleanse(out, m->size);
	EVP_CIPHER_CTX_free(c);
	return ok;
}
