/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "harness/kbs/seal.h"
#include "lib/base64.h"

#define ALGORITHM "ECDH-ES+A256KW"
/* base64url of {"alg":"ECDH-ES+A256KW","enc":"A256GCM"} */
#define PROTECTED "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00ifQ"

static void be32(uint8_t to[4], size_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

/* ---- REPORT_DATA ---- */

static bool trustee(const struct point *key, const uint8_t *challenge, size_t n, uint8_t *data)
{
	char nonce[BASE64_LENGTH(RELEASE_CHALLENGE_MAX) + 1], text[1600];
	char x[BASE64_LENGTH(RELEASE_COORDINATE) + 1], y[sizeof(x)];
	int len;

	base64_encode(nonce, challenge, n);
	base64_url_encode(x, key->x, sizeof(key->x));
	base64_url_encode(y, key->y, sizeof(key->y));
	len = snprintf(text, sizeof(text),
		       "{\"additional-evidence\":\"\",\"nonce\":\"%s\",\"tee-pubkey\":{\"alg\":"
		       "\"" ALGORITHM
		       "\",\"crv\":\"P-521\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}}",
		       nonce, x, y);
	return EVP_Digest(text, (size_t)len, data, NULL, EVP_sha384(), NULL) == 1;
}

bool seal_report_data(enum seal_form form, const struct point *key, const uint8_t *challenge,
		      size_t challenge_len, uint8_t data[64])
{
	uint8_t text[sizeof(*key) + RELEASE_CHALLENGE_MAX];

	memset(data, 0, 64);
	if (form == SEAL_TRUSTEE)
		return trustee(key, challenge, challenge_len, data);
	memcpy(text, key, sizeof(*key));
	memcpy(text + sizeof(*key), challenge, challenge_len);
	return EVP_Digest(text, sizeof(*key) + challenge_len, data, NULL, EVP_sha512(), NULL) == 1;
}

/* ---- keys ---- */

static EVP_PKEY *key_of(const struct point *p)
{
	uint8_t point[1 + sizeof(*p)] = {POINT_CONVERSION_UNCOMPRESSED};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "P-521", 5),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_END,
	};

	memcpy(point + 1, p, sizeof(*p));
	if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool point_of(EVP_PKEY *key, struct point *p)
{
	uint8_t point[1 + sizeof(*p)];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &n) != 1 ||
	    n != sizeof(point))
		return false;
	memcpy(p, point + 1, sizeof(*p));
	return true;
}

/* RFC 7518, 4.6.2, with neither PartyUInfo nor PartyVInfo. */
static bool wrapping_key(EVP_PKEY *ours, const struct point *to, uint8_t kek[32])
{
	uint8_t text[4 + RELEASE_COORDINATE + 4 + sizeof(ALGORITHM) - 1 + 12] = {0};
	EVP_PKEY *theirs = key_of(to);
	EVP_PKEY_CTX *ctx = theirs ? EVP_PKEY_CTX_new(ours, NULL) : NULL;
	size_t n = RELEASE_COORDINATE;
	bool ok;

	be32(text, 1);
	be32(text + 4 + RELEASE_COORDINATE, sizeof(ALGORITHM) - 1);
	memcpy(text + 8 + RELEASE_COORDINATE, ALGORITHM, sizeof(ALGORITHM) - 1);
	be32(text + sizeof(text) - 4, 256);
	ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
	     EVP_PKEY_derive(ctx, text + 4, &n) == 1 && n == RELEASE_COORDINATE &&
	     EVP_Digest(text, sizeof(text), kek, NULL, EVP_sha256(), NULL) == 1;
	OPENSSL_cleanse(text, sizeof(text));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	return ok;
}

/* ---- encryption ---- */

static bool wrap(const uint8_t kek[32], const uint8_t cek[RELEASE_KEY], uint8_t *wrapped)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = false;

	if (ctx) {
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		ok = EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) == 1 &&
		     EVP_EncryptUpdate(ctx, wrapped, &n, cek, RELEASE_KEY) == 1 &&
		     n == RELEASE_KEY + 8;
	}
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static bool encrypt(const uint8_t cek[RELEASE_KEY], const void *secret, size_t n, struct sealed *s)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;
	bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek, s->iv) == 1 &&
		  EVP_EncryptUpdate(ctx, NULL, &len, (const uint8_t *)s->aad,
				    (int)strlen(s->aad)) == 1 &&
		  EVP_EncryptUpdate(ctx, s->secret, &len, secret, (int)n) == 1 &&
		  EVP_EncryptFinal_ex(ctx, s->secret + len, &len) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof(s->tag), s->tag) == 1;

	EVP_CIPHER_CTX_free(ctx);
	s->secret_len = n;
	return ok;
}

static bool seal(const struct point *to, const void *secret, size_t n, EVP_PKEY *ours,
		 struct sealed *s)
{
	uint8_t kek[32], cek[RELEASE_KEY];
	bool ok = point_of(ours, &s->epk) && wrapping_key(ours, to, kek) &&
		  RAND_bytes(cek, sizeof(cek)) == 1 && RAND_bytes(s->iv, sizeof(s->iv)) == 1 &&
		  wrap(kek, cek, s->wrapped_cek) && encrypt(cek, secret, n, s);

	OPENSSL_cleanse(kek, sizeof(kek));
	OPENSSL_cleanse(cek, sizeof(cek));
	return ok;
}

/* ---- signature ---- */

static uint8_t *put(uint8_t *p, const void *from, size_t n)
{
	be32(p, n);
	memcpy(p + 4, from, n);
	return p + 4 + n;
}

static bool sign(EVP_PKEY *signer, const uint8_t data[64], struct sealed *s)
{
	uint8_t text[1024] = RELEASE_SIGNED, *p = text + sizeof(RELEASE_SIGNED) - 1, der[128];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const uint8_t *at = der;
	ECDSA_SIG *sig = NULL;
	size_t n = sizeof(der);
	bool ok;

	memcpy(p, data, 64);
	p = put(p + 64, s->epk.x, sizeof(s->epk.x));
	p = put(p, s->epk.y, sizeof(s->epk.y));
	p = put(p, s->wrapped_cek, sizeof(s->wrapped_cek));
	p = put(p, s->aad, strlen(s->aad));
	p = put(p, s->iv, sizeof(s->iv));
	p = put(p, s->tag, sizeof(s->tag));
	p = put(p, s->secret, s->secret_len);
	ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, signer) == 1 &&
	     EVP_DigestSign(ctx, der, &n, text, (size_t)(p - text)) == 1 &&
	     (sig = d2i_ECDSA_SIG(NULL, &at, (long)n)) &&
	     BN_bn2binpad(ECDSA_SIG_get0_r(sig), s->signature, 48) == 48 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), s->signature + 48, 48) == 48;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool seal_for(const struct point *to, const void *secret, size_t n, const uint8_t data[64],
	      EVP_PKEY *signer, struct sealed *out)
{
	EVP_PKEY *ours = EVP_EC_gen("P-521");
	bool ok;

	memset(out, 0, sizeof(*out));
	strcpy(out->aad, PROTECTED);
	ok = ours && n <= sizeof(out->secret) && seal(to, secret, n, ours, out) &&
	     (!signer || sign(signer, data, out));
	EVP_PKEY_free(ours);
	return ok;
}

bool seal_proof(const char *words, const struct release_key *key, const uint8_t *challenge,
		size_t challenge_len, uint8_t proof[32])
{
	uint8_t text[64 + 8 + RELEASE_CHALLENGE_MAX];
	uint8_t *p = text + strlen(words);
	unsigned n = 32;

	memcpy(text, words, strlen(words));
	be32(p, (uint32_t)(key->epoch >> 32));
	be32(p + 4, (uint32_t)key->epoch);
	memcpy(p + 8, challenge, challenge_len);
	return HMAC(EVP_sha256(), key->key, RELEASE_KEY, text,
		    (size_t)(p + 8 - text) + challenge_len, proof, &n);
}
