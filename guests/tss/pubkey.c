/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A TPM's public keys and signatures, as libcrypto sees them. */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "tss/crypto.h"

static EVP_PKEY *from_data(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = NULL;

	REQUIRE(context && params && EVP_PKEY_fromdata_init(context) == 1);
	REQUIRE(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	return key;
}

static EVP_PKEY *rsa(const TPMT_PUBLIC *p)
{
	const TPM2B_PUBLIC_KEY_RSA *n = &p->unique.rsa;
	uint32_t e = p->parameters.rsaDetail.exponent;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	/* Part 2, 12.2.3.5: an exponent of zero is the default, 2^16 + 1. */
	REQUIRE(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N,
				       BN_bin2bn(n->buffer, n->size, NULL)) == 1);
	REQUIRE(OSSL_PARAM_BLD_push_uint(build, OSSL_PKEY_PARAM_RSA_E, e ? e : 65537) == 1);
	return from_data("RSA", build);
}

static EVP_PKEY *ecc(const TPMT_PUBLIC *p)
{
	bool p384 = p->parameters.eccDetail.curveID == TPM2_ECC_NIST_P384;
	unsigned width = p384 ? 48 : 32;
	const TPMS_ECC_POINT *at = &p->unique.ecc;
	uint8_t point[1 + 2 * 48] = {POINT_CONVERSION_UNCOMPRESSED};
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();

	REQUIRE(at->x.size <= width && at->y.size <= width);
	memcpy(point + 1 + width - at->x.size, at->x.buffer, at->x.size);
	memcpy(point + 1 + 2 * width - at->y.size, at->y.buffer, at->y.size);
	REQUIRE(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
						p384 ? "P-384" : "P-256", 0) == 1);
	REQUIRE(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
						 1 + 2 * width) == 1);
	return from_data("EC", build);
}

EVP_PKEY *crypto_public(const TPM2B_PUBLIC *public)
{
	const TPMT_PUBLIC *p = &public->publicArea;

	REQUIRE(p->type == TPM2_ALG_RSA || p->type == TPM2_ALG_ECC);
	return p->type == TPM2_ALG_RSA ? rsa(p) : ecc(p);
}

/* libcrypto takes an ECDSA signature as DER. */
static size_t ecdsa_der(const TPMS_SIGNATURE_ECC *s, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(s->signatureR.buffer, s->signatureR.size, NULL);
	BIGNUM *t = BN_bin2bn(s->signatureS.buffer, s->signatureS.size, NULL);
	int len;

	REQUIRE(sig && ECDSA_SIG_set0(sig, r, t) == 1);
	len = i2d_ECDSA_SIG(sig, der);
	REQUIRE(len > 0);
	return (size_t)len;
}

static int rsa_padding(TPMI_ALG_SIG_SCHEME scheme)
{
	return scheme == TPM2_ALG_RSAPSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
}

bool crypto_verify(const TPM2B_PUBLIC *public, const TPM2B_DIGEST *digest, const TPMT_SIGNATURE *s)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(crypto_public(public), NULL);
	const char *hash = crypto_hash_name(s->signature.any.hashAlg);
	const uint8_t *bytes = s->signature.rsassa.sig.buffer;
	size_t len = s->signature.rsassa.sig.size;
	uint8_t *der = NULL;

	REQUIRE(context && EVP_PKEY_verify_init(context) == 1);
	if (public->publicArea.type == TPM2_ALG_RSA) {
		REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context, rsa_padding(s->sigAlg)) == 1);
	} else {
		len = ecdsa_der(&s->signature.ecdsa, &der);
		bytes = der;
	}
	REQUIRE(EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(hash)) == 1);
	return EVP_PKEY_verify(context, bytes, len, digest->buffer, digest->size) == 1;
}

bool crypto_verify_message(const TPM2B_PUBLIC *public, const void *data, size_t len,
			   const TPMT_SIGNATURE *s)
{
	TPM2B_DIGEST digest = crypto_digest(s->signature.any.hashAlg, data, len);

	return crypto_verify(public, &digest, s);
}

EVP_PKEY *crypto_generate_ecc(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	REQUIRE(key);
	return key;
}

TPM2B_ECC_POINT crypto_point(EVP_PKEY *key)
{
	uint8_t bytes[1 + 2 * 48];
	TPM2B_ECC_POINT point = {0};
	size_t len = 0;
	uint16_t width;

	REQUIRE(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof(bytes),
						&len) == 1);
	width = (len - 1) / 2;
	point.point.x.size = point.point.y.size = width;
	memcpy(point.point.x.buffer, bytes + 1, width);
	memcpy(point.point.y.buffer, bytes + 1 + width, width);
	return point;
}
