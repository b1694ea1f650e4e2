/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Signatures of a TPM, checked by libcrypto. A TPM's structures are big-endian and carry sizes
 * of their own; they are taken apart here, without any code of tpm2-tss, whose errors a judge
 * must not share.
 */
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "harness/verbs/signature.h"

/* ---- fields ---- */

bool blob_take(struct blob *from, size_t n, struct blob *out)
{
	if (from->n < n)
		return false;
	*out = (struct blob){from->p, n};
	from->p += n;
	from->n -= n;
	return true;
}

/* A big-endian number of n bytes. False: the blob is too short. */
static bool number(struct blob *from, size_t n, uint32_t *v)
{
	struct blob b;

	if (!blob_take(from, n, &b))
		return false;
	for (*v = 0; b.n; b.p++, b.n--)
		*v = *v << 8 | *b.p;
	return true;
}

bool blob_u8(struct blob *from, unsigned *v)
{
	return number(from, 1, v);
}

bool blob_u16(struct blob *from, unsigned *v)
{
	return number(from, 2, v);
}

bool blob_u32(struct blob *from, uint32_t *v)
{
	return number(from, 4, v);
}

bool blob_sized(struct blob *from, struct blob *out)
{
	unsigned n;

	return blob_u16(from, &n) && blob_take(from, n, out);
}

/* ---- signatures ---- */

/* By TPM_ALG_ID. What is not listed is refused, though libcrypto may know it. */
const EVP_MD *signature_hash(unsigned alg)
{
	switch (alg) {
	case ALG_SHA1:
		return EVP_sha1();
	case ALG_SHA256:
		return EVP_sha256();
	case ALG_SHA384:
		return EVP_sha384();
	case ALG_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

/* A PEM file may say that it is encrypted: the pass phrase is empty, or libcrypto asks the terminal
 * for one. */
static EVP_PKEY *public_key(struct blob pem)
{
	char no_phrase[] = "";
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, no_phrase) : NULL;

	BIO_free(bio);
	return key;
}

/* The key's kind is the scheme's, and the scheme's padding is chosen. */
static bool prepare(EVP_PKEY *key, EVP_PKEY_CTX *ctx, unsigned scheme)
{
	int kind = EVP_PKEY_get_base_id(key);

	if (scheme == ALG_ECDSA)
		return kind == EVP_PKEY_EC;
	if (kind != EVP_PKEY_RSA)
		return false;
	if (scheme == ALG_RSASSA)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return scheme == ALG_RSAPSS &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) > 0;
}

/*
 * The order tells the likeliest mistake first: the key, the algorithm, the scheme, the
 * signature itself.
 */
const char *signature_wrong(struct blob pem, unsigned scheme, unsigned hash, struct blob sig,
			    struct blob data)
{
	const EVP_MD *md = signature_hash(hash);
	EVP_PKEY *key = public_key(pem);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;
	const char *wrong = NULL;

	if (!key)
		wrong = "the public key is no PEM key";
	else if (!md)
		wrong = "the hash algorithm is unknown";
	else if (!ctx || EVP_DigestVerifyInit(ctx, &pkey, md, NULL, key) != 1 ||
		 !prepare(key, pkey, scheme))
		wrong = "the signature's scheme does not fit the key";
	else if (EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) != 1)
		wrong = "the signature does not fit";
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return wrong;
}

/* r and s as the DER that libcrypto takes (OPENSSL_free'd by the caller). */
static struct blob ecdsa_der(struct blob r, struct blob s)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *bn_r = BN_bin2bn(r.p, (int)r.n, NULL), *bn_s = BN_bin2bn(s.p, (int)s.n, NULL);
	unsigned char *der = NULL;
	int n = -1;

	if (sig && bn_r && bn_s && ECDSA_SIG_set0(sig, bn_r, bn_s)) {
		bn_r = bn_s = NULL; /* sig's now */
		n = i2d_ECDSA_SIG(sig, &der);
	}
	BN_free(bn_r);
	BN_free(bn_s);
	ECDSA_SIG_free(sig);
	return (struct blob){der, n > 0 ? (size_t)n : 0};
}

/*
 * RSA signatures hold one sized buffer, ECDSA two (r and s); nothing may follow. *hash is set
 * even when the signature does not fit.
 */
const char *signature_tpmt_wrong(struct blob pem, struct blob tpmt, struct blob data,
				 unsigned *hash)
{
	struct blob one, two = {0}, der = {0};
	const char *wrong;
	unsigned scheme;

	if (!blob_u16(&tpmt, &scheme) || !blob_u16(&tpmt, hash) || !blob_sized(&tpmt, &one) ||
	    (scheme == ALG_ECDSA && !blob_sized(&tpmt, &two)) || tpmt.n)
		return "the signature is no TPMT_SIGNATURE";
	if (scheme != ALG_ECDSA)
		return signature_wrong(pem, scheme, *hash, one, data);
	der = ecdsa_der(one, two);
	wrong = signature_wrong(pem, scheme, *hash, der, data);
	OPENSSL_free((void *)der.p);
	return wrong;
}
