/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <string.h>

#include "harness/verify/tpm_public.h"

#define ALG_RSA   0x0001u
#define ALG_NULL  0x0010u
#define ALG_RSAES 0x0015u
#define ALG_ECC   0x0023u
#define ALG_ECDAA 0x001au
#define P256      0x0003u
#define P384      0x0004u
#define EXPONENT  65537u /* where the key says 0 */
#define POINT_MAX 48

/* TPMT_SYM_DEF_OBJECT: a restricted decryption key has a cipher, others have none. */
static bool skip_symmetric(struct blob *from)
{
	unsigned alg, bits, mode;

	return blob_u16(from, &alg) &&
	       (alg == ALG_NULL || (blob_u16(from, &bits) && blob_u16(from, &mode)));
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME or TPMT_KDF_SCHEME. */
static bool skip_scheme(struct blob *from)
{
	unsigned alg, hash, count;

	if (!blob_u16(from, &alg))
		return false;
	if (alg == ALG_NULL || alg == ALG_RSAES)
		return true;
	return blob_u16(from, &hash) && (alg != ALG_ECDAA || blob_u16(from, &count));
}

static bool read_rsa(struct blob *from, struct tpm_public *key)
{
	if (!blob_u16(from, &key->bits) || !blob_u32(from, &key->exponent) ||
	    !blob_sized(from, &key->n))
		return false;
	if (!key->exponent)
		key->exponent = EXPONENT;
	return key->bits >= 2048 && key->bits <= 4096 && key->n.n == key->bits / 8;
}

static bool read_ecc(struct blob *from, struct tpm_public *key)
{
	if (!blob_u16(from, &key->curve) || !skip_scheme(from) || !blob_sized(from, &key->x) ||
	    !blob_sized(from, &key->y))
		return false;
	return (key->curve == P256 || key->curve == P384) && key->x.n <= POINT_MAX &&
	       key->y.n <= POINT_MAX;
}

bool tpm_public_read(struct blob from, struct tpm_public *key)
{
	unsigned hash;

	*key = (struct tpm_public){0};
	if (!blob_u16(&from, &key->type) || !blob_u16(&from, &hash) ||
	    !blob_u32(&from, &key->attributes) || !blob_sized(&from, &key->policy) ||
	    !skip_symmetric(&from) || !skip_scheme(&from))
		return false;
	if (key->type == ALG_RSA)
		return read_rsa(&from, key) && !from.n;
	return key->type == ALG_ECC && read_ecc(&from, key) && !from.n;
}

bool tpm_public_is(const struct tpm_public *key, uint32_t attributes)
{
	uint32_t other = attributes & TPMA_SIGN ? TPMA_DECRYPT : TPMA_SIGN;

	return (key->attributes & attributes) == attributes && !(key->attributes & other);
}

const char *tpm_public_name(const struct tpm_public *key)
{
	if (key->type == ALG_ECC)
		return key->curve == P256 ? "P-256" : "P-384";
	return key->bits == 2048 ? "RSA-2048" : key->bits == 3072 ? "RSA-3072" : "RSA";
}

/* ---- libcrypto's form ---- */

static bool push_rsa(OSSL_PARAM_BLD *b, const struct tpm_public *key, BIGNUM *n)
{
	return BN_bin2bn(key->n.p, (int)key->n.n, n) &&
	       OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	       OSSL_PARAM_BLD_push_uint32(b, OSSL_PKEY_PARAM_RSA_E, key->exponent) == 1;
}

/* An uncompressed point; a TPM may leave out leading zeroes of its coordinates. point has to last
 * as long as b. */
static bool push_ecc(OSSL_PARAM_BLD *b, const struct tpm_public *key,
		     unsigned char point[1 + 2 * POINT_MAX])
{
	size_t size = key->curve == P256 ? 32 : POINT_MAX;
	const char *group = key->curve == P256 ? "P-256" : "P-384";

	if (key->x.n > size || key->y.n > size)
		return false;
	memset(point, 0, 1 + 2 * size);
	point[0] = 4;
	memcpy(point + 1 + size - key->x.n, key->x.p, key->x.n);
	memcpy(point + 1 + 2 * size - key->y.n, key->y.p, key->y.n);
	return OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	       OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) ==
		       1;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

/* What was written to bio, as text of its own. */
static char *text_of(BIO *bio)
{
	char *data, *text;
	long n = BIO_get_mem_data(bio, &data);

	text = n > 0 ? malloc((size_t)n + 1) : NULL;
	if (text) {
		memcpy(text, data, (size_t)n);
		text[n] = 0;
	}
	return text;
}

char *tpm_public_pem(const struct tpm_public *key)
{
	unsigned char point[1 + 2 * POINT_MAX];
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new();
	BIO *bio = BIO_new(BIO_s_mem());
	bool rsa = key->type == ALG_RSA;
	EVP_PKEY *pkey = NULL;
	char *text = NULL;

	if (b && n && bio && (rsa ? push_rsa(b, key, n) : push_ecc(b, key, point)))
		pkey = from_params(rsa ? "RSA" : "EC", b);
	if (pkey && PEM_write_bio_PUBKEY(bio, pkey) == 1)
		text = text_of(bio);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	BN_free(n);
	OSSL_PARAM_BLD_free(b);
	return text;
}
