/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>
#include <string.h>

#include "harness/psp/launch_finish.h"

#define HALF 48 /* bytes of a number on P-384; ID_NUMBER has room for more */

/* Big-endian, as libcrypto wants it. False: it has more bytes than numbers of P-384 do. */
static bool number(const uint8_t le[ID_NUMBER], uint8_t be[HALF])
{
	for (unsigned i = HALF; i < ID_NUMBER; i++)
		if (le[i])
			return false;
	for (unsigned i = 0; i < HALF; i++)
		be[i] = le[HALF - 1 - i];
	return true;
}

static EVP_PKEY *from_point(const uint8_t point[1 + 2 * HALF])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"P-384"}, 5),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, 1 + 2 * HALF),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* NULL: it is no point on the curve. */
static EVP_PKEY *key_of(const struct id_key *k)
{
	uint8_t point[1 + 2 * HALF] = {POINT_CONVERSION_UNCOMPRESSED};

	if (k->curve != ID_CURVE_P384 || !number(k->x, point + 1) ||
	    !number(k->y, point + 1 + HALF))
		return NULL;
	return from_point(point);
}

static ECDSA_SIG *signature_of(const struct id_signature *s)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_lebin2bn(s->r, ID_NUMBER, NULL), *v = BN_lebin2bn(s->s, ID_NUMBER, NULL);

	if (sig && r && v && ECDSA_SIG_set0(sig, r, v) == 1)
		return sig;
	ECDSA_SIG_free(sig);
	BN_free(r);
	BN_free(v);
	return NULL;
}

static bool verify(EVP_PKEY *key, const struct id_signature *s, const void *data, size_t n)
{
	ECDSA_SIG *sig = signature_of(s);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int size = sig ? i2d_ECDSA_SIG(sig, &der) : 0;
	bool ok = size > 0 && ctx &&
		  EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, der, (size_t)size, data, n) == 1;

	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ECDSA_SIG_free(sig);
	return ok;
}

static bool signed_by(const struct id_key *k, const struct id_signature *s, const void *data,
		      size_t n)
{
	EVP_PKEY *key = key_of(k);
	bool ok = key && verify(key, s, data, n);

	EVP_PKEY_free(key);
	return ok;
}

static enum snp_status check(const struct psp_guest *g, const struct id_block *block,
			     const struct id_auth *auth, bool author)
{
	if (memcmp(block->launch_digest, g->measurement, sizeof(g->measurement)))
		return SNP_STATUS_BAD_MEASUREMENT;
	if (block->policy != g->policy)
		return SNP_STATUS_POLICY_FAILURE;
	if (block->version != ID_BLOCK_VERSION || auth->id_key_algo != ID_ALGO_P384 ||
	    (author && auth->author_key_algo != ID_ALGO_P384))
		return SNP_STATUS_INVALID_PARAM;
	if (!signed_by(&auth->id_key, &auth->id_block_signature, block, sizeof(*block)) ||
	    (author && !signed_by(&auth->author_key, &auth->id_key_signature, &auth->id_key,
				  sizeof(auth->id_key))))
		return SNP_STATUS_BAD_SIGNATURE;
	return SNP_STATUS_SUCCESS;
}

enum snp_status launch_finish(struct psp_guest *g, const struct id_block *block,
			      const struct id_auth *auth, bool author)
{
	enum snp_status status = check(g, block, auth, author);

	if (status != SNP_STATUS_SUCCESS)
		return status;
	g->guest_svn = block->guest_svn;
	memcpy(g->family_id, block->family_id, sizeof(g->family_id));
	memcpy(g->image_id, block->image_id, sizeof(g->image_id));
	g->author_key = author;
	SHA384((const uint8_t *)&auth->id_key, sizeof(auth->id_key), g->id_key_digest);
	if (author)
		SHA384((const uint8_t *)&auth->author_key, sizeof(auth->author_key),
		       g->author_key_digest);
	return status;
}

const char *launch_finish_text(enum snp_status status)
{
	switch (status) {
	case SNP_STATUS_BAD_MEASUREMENT:
		return "the ID block names another launch digest (0x0b)";
	case SNP_STATUS_POLICY_FAILURE:
		return "the ID block names another policy (0x07)";
	case SNP_STATUS_BAD_SIGNATURE:
		return "the ID block's keys or signatures are not good (0x0a)";
	default:
		return "the ID block's version or algorithms are not known (0x16)";
	}
}
