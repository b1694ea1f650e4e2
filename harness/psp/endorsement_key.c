/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <string.h>

#include "harness/psp/endorsement_key.h"

#define POINT 97 /* bytes of an uncompressed one on P-384 */

static bool mix(const uint8_t secret[PSP_SECRET], const void *data, size_t n,
		uint8_t out[PSP_SECRET])
{
	unsigned size;

	return HMAC(EVP_sha384(), secret, PSP_SECRET, data, n, out, &size) != NULL;
}

bool endorsement_root(const uint8_t secret[PSP_SECRET], const struct psp_config *c,
		      enum endorsement which, uint8_t root[PSP_SECRET])
{
	struct {
		char label[16];
		uint8_t name[PSP_CHIP_ID];
	} in = {"keelson chip", {0}};

	if (which == ENDORSEMENT_VLEK) {
		memcpy(in.label, "keelson cloud", 14);
		memcpy(in.name, c->vlek, strlen(c->vlek));
	} else {
		memcpy(in.name, c->chip_id, psp_chip_id_bytes(c));
	}
	return mix(secret, &in, sizeof(in), root);
}

/* 1 to the group's order - 1: 96 bytes, so that no number is likelier than another. */
static BIGNUM *scalar(const EC_GROUP *g, const uint8_t root[PSP_SECRET], const uint8_t tcb[PSP_TCB])
{
	uint8_t in[] = "key 1 TCB.......", wide[2 * PSP_SECRET];
	BIGNUM *n = BN_new(), *most = BN_dup(EC_GROUP_get0_order(g));
	BN_CTX *ctx = BN_CTX_new();
	bool ok;

	memcpy(in + 8, tcb, PSP_TCB);
	ok = mix(root, in, sizeof(in) - 1, wide);
	in[4] = '2';
	ok = ok && mix(root, in, sizeof(in) - 1, wide + PSP_SECRET) && n && most && ctx &&
	     BN_bin2bn(wide, sizeof(wide), n) && BN_sub_word(most, 1) && BN_mod(n, n, most, ctx) &&
	     BN_add_word(n, 1);
	OPENSSL_cleanse(wide, sizeof(wide));
	BN_CTX_free(ctx);
	BN_free(most);
	if (ok)
		return n;
	BN_free(n);
	return NULL;
}

static bool public_of(const EC_GROUP *g, const BIGNUM *d, uint8_t point[POINT])
{
	EC_POINT *q = EC_POINT_new(g);
	bool ok = q && EC_POINT_mul(g, q, d, NULL, NULL, NULL) == 1 &&
		  EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, point, POINT, NULL) ==
			  POINT;

	EC_POINT_free(q);
	return ok;
}

static OSSL_PARAM *params_of(const BIGNUM *d, const uint8_t point[POINT])
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, POINT))
		params = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	return params;
}

static EVP_PKEY *from(OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *endorsement_key(const uint8_t root[PSP_SECRET], const uint8_t tcb[PSP_TCB])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_secp384r1);
	BIGNUM *d = g ? scalar(g, root, tcb) : NULL;
	OSSL_PARAM *params = NULL;
	uint8_t point[POINT];
	EVP_PKEY *key = NULL;

	if (d && public_of(g, d, point) && (params = params_of(d, point)))
		key = from(params);
	OSSL_PARAM_free(params);
	BN_clear_free(d);
	EC_GROUP_free(g);
	return key;
}
