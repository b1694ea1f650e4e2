/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What is written here is only how the pieces go together; the pieces are libcrypto's. Whatever a
 * secret was in is wiped.
 */
#include "services/lib/release/release_crypto.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <string.h>

#define P384 48 /* bytes of a coordinate, and of r and s */

static void put32(uint8_t to[4], uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* ---- keys ---- */

/* A point that is not on the curve is no key. */
static EVP_PKEY *public_key(const char *group, const uint8_t *x, const uint8_t *y, size_t n)
{
	uint8_t point[1 + 2 * RELEASE_COORDINATE] = {4}; /* uncompressed: SEC 1, 2.3.3 */
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[3];

	memcpy(point + 1, x, n);
	memcpy(point + 1 + n, y, n);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * n);
	params[2] = OSSL_PARAM_construct_end();
	if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *release_key_new(struct release_point *public)
{
	uint8_t point[1 + 2 * RELEASE_COORDINATE];
	EVP_PKEY *key = EVP_EC_gen("P-521");
	size_t n = 0;

	if (!key ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &n) <= 0 ||
	    n != sizeof(point) || point[0] != 4) {
		EVP_PKEY_free(key);
		return NULL;
	}
	memcpy(public->x, point + 1, RELEASE_COORDINATE);
	memcpy(public->y, point + 1 + RELEASE_COORDINATE, RELEASE_COORDINATE);
	return key;
}

/* ---- REPORT_DATA ---- */

static bool hash_raw(const struct release_terms *t, const struct release_point *key, uint8_t *data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha512(), NULL) &&
		  EVP_DigestUpdate(ctx, key, sizeof(*key)) &&
		  EVP_DigestUpdate(ctx, t->challenge, t->challenge_len) &&
		  EVP_DigestFinal_ex(ctx, data, NULL);

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool release_report_data(const struct release_terms *terms, const struct release_point *key,
			 uint8_t data[64])
{
	char text[RELEASE_RUNTIME_MAX];

	memset(data, 0, 64);
	if (terms->form != RELEASE_RUNTIME_DATA)
		return hash_raw(terms, key, data);
	return EVP_Digest(text, release_runtime_data(text, terms, key), data, NULL, EVP_sha384(),
			  NULL);
}

/* ---- who gives ---- */

static bool add(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	uint8_t length[4];

	put32(length, (uint32_t)n);
	return EVP_DigestVerifyUpdate(ctx, length, sizeof(length)) > 0 &&
	       EVP_DigestVerifyUpdate(ctx, p, n) > 0;
}

static bool add_all(EVP_MD_CTX *ctx, const struct release_answer *a, const uint8_t data[64])
{
	return EVP_DigestVerifyUpdate(ctx, RELEASE_SIGNED, sizeof(RELEASE_SIGNED) - 1) > 0 &&
	       EVP_DigestVerifyUpdate(ctx, data, 64) > 0 && add(ctx, a->epk.x, sizeof(a->epk.x)) &&
	       add(ctx, a->epk.y, sizeof(a->epk.y)) &&
	       add(ctx, a->wrapped_cek, sizeof(a->wrapped_cek)) && add(ctx, a->aad, a->aad_len) &&
	       add(ctx, a->iv, sizeof(a->iv)) && add(ctx, a->tag, sizeof(a->tag)) &&
	       add(ctx, a->secret, a->secret_len);
}

/* DER, as EVP wants it; its length, 0: no memory. */
static int signature_der(const uint8_t raw[2 * P384], uint8_t der[128])
{
	BIGNUM *r = BN_bin2bn(raw, P384, NULL), *s = BN_bin2bn(raw + P384, P384, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n = 0;

	if (r && s && sig && ECDSA_SIG_set0(sig, r, s)) {
		n = i2d_ECDSA_SIG(sig, &der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return MAX(n, 0);
}

bool release_is_signed(const struct release_answer *a, const uint8_t data[64],
		       const uint8_t signer[RELEASE_SIGNER])
{
	EVP_PKEY *key = public_key("P-384", signer, signer + P384, P384);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[128];
	int n = a->is_signed ? signature_der(a->signature, der) : 0;
	bool ok = n && key && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key) > 0 &&
		  add_all(ctx, a, data) && EVP_DigestVerifyFinal(ctx, der, (size_t)n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- the secret ---- */

static bool agree(EVP_PKEY *key, const struct release_point *epk, uint8_t z[RELEASE_COORDINATE])
{
	EVP_PKEY *peer = public_key("P-521", epk->x, epk->y, RELEASE_COORDINATE);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = RELEASE_COORDINATE;
	bool ok = peer && ctx && EVP_PKEY_derive_init(ctx) > 0 &&
		  EVP_PKEY_derive_set_peer(ctx, peer) > 0 && EVP_PKEY_derive(ctx, z, &n) > 0 &&
		  n == RELEASE_COORDINATE;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	return ok;
}

/* RFC 7518, 4.6.2: one round of the Concat KDF, with neither PartyUInfo nor PartyVInfo. */
static bool derive(const uint8_t z[RELEASE_COORDINATE], uint8_t kek[32])
{
	static const char algorithm[] = "ECDH-ES+A256KW";
	uint8_t in[4 + RELEASE_COORDINATE + 4 + sizeof(algorithm) - 1 + 12] = {0}, *p = in;
	bool ok;

	put32(p, 1);
	memcpy(p + 4, z, RELEASE_COORDINATE);
	p += 4 + RELEASE_COORDINATE;
	put32(p, sizeof(algorithm) - 1);
	memcpy(p + 4, algorithm, sizeof(algorithm) - 1);
	put32(in + sizeof(in) - 4, 256);
	ok = EVP_Digest(in, sizeof(in), kek, NULL, EVP_sha256(), NULL);
	OPENSSL_cleanse(in, sizeof(in));
	return ok;
}

static bool unwrap(const uint8_t kek[32], const uint8_t wrapped[RELEASE_KEY + 8],
		   uint8_t cek[RELEASE_KEY + 8])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = false;

	if (ctx) {
		EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
		ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL) > 0 &&
		     EVP_DecryptUpdate(ctx, cek, &n, wrapped, RELEASE_KEY + 8) > 0 &&
		     n == RELEASE_KEY;
	}
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

static bool decrypt(const struct release_answer *a, const uint8_t cek[RELEASE_KEY], uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, rest = 0;
	bool ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, cek, a->iv) > 0 &&
		  EVP_DecryptUpdate(ctx, NULL, &n, a->aad, (int)a->aad_len) > 0 &&
		  EVP_DecryptUpdate(ctx, out, &n, a->secret, (int)a->secret_len) > 0 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(a->tag), (void *)a->tag) >
			  0 &&
		  EVP_DecryptFinal_ex(ctx, out + n, &rest) > 0;

	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		OPENSSL_cleanse(out, RELEASE_SECRET_MAX);
	return ok;
}

bool release_open(const struct release_answer *a, EVP_PKEY *key, uint8_t out[RELEASE_SECRET_MAX])
{
	uint8_t z[RELEASE_COORDINATE], kek[32], cek[RELEASE_KEY + 8];
	bool ok = agree(key, &a->epk, z) && derive(z, kek) && unwrap(kek, a->wrapped_cek, cek) &&
		  decrypt(a, cek, out);

	OPENSSL_cleanse(z, sizeof(z));
	OPENSSL_cleanse(kek, sizeof(kek));
	OPENSSL_cleanse(cek, sizeof(cek));
	return ok;
}

bool release_proof(const char *words, const struct release_key *key, const uint8_t *challenge,
		   uint32_t challenge_len, uint8_t proof[32])
{
	uint8_t text[64 + 8 + RELEASE_CHALLENGE_MAX], *p = text;
	unsigned n = 32;

	memcpy(p, words, strlen(words));
	p += strlen(words);
	put32(p, (uint32_t)(key->epoch >> 32));
	put32(p + 4, (uint32_t)key->epoch);
	memcpy(p + 8, challenge, challenge_len);
	return HMAC(EVP_sha256(), key->key, RELEASE_KEY, text,
		    (size_t)(p + 8 - text) + challenge_len, proof, &n);
}
