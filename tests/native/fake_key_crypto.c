/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* RFC 7518 (4.6.2) by libcrypto's single-step KDF, RFC 3394, and ECDSA, as docs/key-release.md
 * says. */
#include "tests/native/fake_key_crypto.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>
#include "tests/native/check.h"

EVP_PKEY *key_signer(unsigned which)
{
	static EVP_PKEY *keys[2];

	if (!keys[which])
		keys[which] = EVP_EC_gen("P-384");
	return keys[which];
}

void key_point(EVP_PKEY *key, uint8_t *xy, size_t n)
{
	BIGNUM *x = NULL, *y = NULL;

	CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) &&
	      EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y));
	CHECK_EQ(BN_bn2binpad(x, xy, (int)n), n);
	CHECK_EQ(BN_bn2binpad(y, xy + n, (int)n), n);
	BN_free(x);
	BN_free(y);
}

/* ---- REPORT_DATA ---- */

/* RFC 4648, section 5: 66 bytes need no padding. */
static void base64url(char *text, const uint8_t bytes[66])
{
	EVP_EncodeBlock((unsigned char *)text, bytes, 66);
	for (; *text; text++)
		*text = *text == '+' ? '-' : *text == '/' ? '_' : *text;
}

/* What Trustee's verifier rebuilds: sorted names, no spaces. */
static void runtime_data(const uint8_t *challenge, uint32_t len, const uint8_t x[66],
			 const uint8_t y[66], uint8_t data[64])
{
	char nonce[900], x64[100], y64[100], *text;
	json_t *words;

	EVP_EncodeBlock((unsigned char *)nonce, challenge, (int)len);
	base64url(x64, x);
	base64url(y64, y);
	words = json_pack("{s:{s:s,s:s,s:s,s:s,s:s},s:s,s:s}", "tee-pubkey", "kty", "EC", "crv",
			  "P-521", "alg", "ECDH-ES+A256KW", "x", x64, "y", y64, "nonce", nonce,
			  "additional-evidence", "");
	text = json_dumps(words, JSON_SORT_KEYS | JSON_COMPACT);
	memset(data, 0, 64);
	EVP_Digest(text, strlen(text), data, NULL, EVP_sha384(), NULL);
	free(text);
	json_decref(words);
}

void key_report_data(const char *params, const uint8_t *challenge, uint32_t len,
		     const uint8_t x[66], const uint8_t y[66], uint8_t data[64])
{
	uint8_t said[800];

	if (strstr(params, "TeePubKey")) {
		runtime_data(challenge, len, x, y, data);
		return;
	}
	memcpy(said, x, 66);
	memcpy(said + 66, y, 66);
	memcpy(said + 132, challenge, len);
	EVP_Digest(said, 132 + len, data, NULL, EVP_sha512(), NULL);
}

/* ---- the secret ---- */

static EVP_PKEY *public_key(const uint8_t x[66], const uint8_t y[66])
{
	uint8_t point[133] = {4};
	EVP_PKEY *key = EVP_PKEY_new(), *group = EVP_EC_gen("P-521");

	memcpy(point + 1, x, 66);
	memcpy(point + 67, y, 66);
	CHECK(EVP_PKEY_copy_parameters(key, group) > 0);
	CHECK(EVP_PKEY_set1_encoded_public_key(key, point, sizeof(point)) > 0);
	EVP_PKEY_free(group);
	return key;
}

static void key_encryption_key(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t kek[32])
{
	static uint8_t info[] = "\0\0\0\016ECDH-ES+A256KW\0\0\0\0\0\0\0\0\0\0\1";
	EVP_PKEY_CTX *agree = EVP_PKEY_CTX_new(ours, NULL);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SSKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	uint8_t z[66];
	size_t n = sizeof(z);
	OSSL_PARAM p[] = {OSSL_PARAM_utf8_string("digest", (char *)"SHA256", 6),
			  OSSL_PARAM_octet_string("key", z, sizeof(z)),
			  OSSL_PARAM_octet_string("info", info, sizeof(info)), /* its NUL too */
			  OSSL_PARAM_END};

	CHECK(EVP_PKEY_derive_init(agree) > 0 && EVP_PKEY_derive_set_peer(agree, theirs) > 0 &&
	      EVP_PKEY_derive(agree, z, &n) > 0);
	CHECK_EQ(n, sizeof(z));
	CHECK(EVP_KDF_derive(ctx, kek, 32, p) > 0);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	EVP_PKEY_CTX_free(agree);
}

static void encrypt(struct key_sealed *k, const uint8_t kek[32], const uint8_t *secret,
		    uint32_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t cek[32];
	int n;

	RAND_bytes(cek, sizeof(cek));
	RAND_bytes(k->iv, sizeof(k->iv));
	memcpy(k->aad, "hello", sizeof(k->aad));
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	CHECK(EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) > 0 &&
	      EVP_EncryptUpdate(ctx, k->wrapped, &n, cek, sizeof(cek)) > 0);
	EVP_CIPHER_CTX_reset(ctx);
	CHECK(EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek, k->iv) > 0 &&
	      EVP_EncryptUpdate(ctx, NULL, &n, k->aad, sizeof(k->aad)) > 0 &&
	      EVP_EncryptUpdate(ctx, k->secret, &n, secret, (int)len) > 0 &&
	      EVP_EncryptFinal_ex(ctx, k->secret + n, &n) > 0 &&
	      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, k->tag) > 0);
	EVP_CIPHER_CTX_free(ctx);
}

/* The server's key begins with a zero, as each second one does. */
void key_seal(struct key_sealed *k, const uint8_t x[66], const uint8_t y[66], const uint8_t *secret,
	      uint32_t len)
{
	EVP_PKEY *theirs = public_key(x, y), *ours = NULL;
	uint8_t xy[132], kek[32];

	do {
		EVP_PKEY_free(ours);
		ours = EVP_EC_gen("P-521");
		key_point(ours, xy, 66);
	} while (xy[0]);
	memcpy(k->x, xy, 66);
	memcpy(k->y, xy + 66, 66);
	key_encryption_key(ours, theirs, kek);
	encrypt(k, kek, secret, len);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
}

/* ---- signature ---- */

static uint32_t put(uint8_t *to, const void *from, uint32_t n)
{
	memcpy(to, (uint8_t[]){0, 0, (uint8_t)(n >> 8), (uint8_t)n}, 4);
	memcpy(to + 4, from, n);
	return 4 + n;
}

static void raw_signature(const uint8_t *der, size_t len, uint8_t raw[96])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);

	if (!CHECK(sig))
		return;
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 48);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 48, 48);
	ECDSA_SIG_free(sig);
}

void key_sign(struct key_sealed *k, EVP_PKEY *signer, const uint8_t data[64], uint32_t secret_len)
{
	static const char words[] = "Keelson key release 1";
	uint8_t text[1024], der[128];
	uint32_t n = sizeof(words) - 1;
	size_t len = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	memcpy(text, words, n);
	memcpy(text + n, data, 64);
	n += 64;
	n += put(text + n, k->x, sizeof(k->x));
	n += put(text + n, k->y, sizeof(k->y));
	n += put(text + n, k->wrapped, sizeof(k->wrapped));
	n += put(text + n, k->aad, sizeof(k->aad));
	n += put(text + n, k->iv, sizeof(k->iv));
	n += put(text + n, k->tag, sizeof(k->tag));
	n += put(text + n, k->secret, secret_len);
	CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, signer) > 0 &&
	      EVP_DigestSign(ctx, der, &len, text, n) > 0);
	raw_signature(der, len, k->signature);
	EVP_MD_CTX_free(ctx);
}
