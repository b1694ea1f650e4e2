/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The cryptography of a sealed state. state.c says which state is sealed when, and where it goes.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include "services/lib/state_seal.h"

#define AAD_SIZE offsetof(struct seal_head, iv)

static const uint8_t magic[8] = "KLSTATE";

bool seal_there(const struct seal_head *h)
{
	return memcmp(h->magic, magic, sizeof(magic)) == 0;
}

bool seal_close(struct seal_head *h, const uint8_t key[SEAL_KEY], const void *plain, void *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t end[SEAL_TAG];
	int n = 0;
	bool ok;

	memcpy(h->magic, magic, sizeof(magic));
	h->version = SEAL_VERSION;
	h->rsvd = 0;
	ok = c && h->length <= INT32_MAX && RAND_bytes(h->iv, sizeof(h->iv)) == 1 &&
	     EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, h->iv) == 1 &&
	     EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)h, AAD_SIZE) == 1 &&
	     EVP_EncryptUpdate(c, out, &n, plain, (int)h->length) == 1 &&
	     EVP_EncryptFinal_ex(c, end, &n) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, sizeof(h->tag), h->tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool seal_open(const struct seal_head *h, const uint8_t key[SEAL_KEY], const void *sealed,
	       void *plain)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t end[SEAL_TAG], tag[SEAL_TAG];
	int n = 0;
	bool ok;

	memcpy(tag, h->tag, sizeof(tag));
	ok = c && seal_there(h) && h->version == SEAL_VERSION && h->length <= INT32_MAX &&
	     EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, h->iv) == 1 &&
	     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) == 1 &&
	     EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)h, AAD_SIZE) == 1 &&
	     EVP_DecryptUpdate(c, plain, &n, sealed, (int)h->length) == 1 &&
	     EVP_DecryptFinal_ex(c, end, &n) == 1;
	if (!ok)
		OPENSSL_cleanse(plain, h->length);
	EVP_CIPHER_CTX_free(c);
	return ok;
}
