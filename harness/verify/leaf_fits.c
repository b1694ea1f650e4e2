/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What certificate and report both say of the machine has to agree. */
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verify/report_checks.h"

/* CPUID's combined family and model, which reports have from version 3 on. */
static const struct {
	const char *product;
	uint8_t family, first, last;
} processors[] = {
	{"Milan", 0x19, 0x00, 0x0f},
	{"Genoa", 0x19, 0x10, 0x1f},
	{"Genoa", 0x19, 0xa0, 0xaf}, /* Bergamo and Siena */
	{"Turin", 0x1a, 0x00, 0x11},
};

static bool product_fits(const struct signer *s, const struct attestation_report *r,
			 struct verdict *v)
{
	bool fits = r->version < 3;

	for (size_t i = 0; i < ARRAY_LEN(processors); i++)
		fits = fits || (!strcmp(processors[i].product, s->product) &&
				processors[i].family == r->cpuid_family &&
				processors[i].first <= r->cpuid_model &&
				r->cpuid_model <= processors[i].last);
	if (!fits)
		return verdict_refuse(
			v, "product",
			"the report's processor (family 0x%x, model 0x%x) is no %s, which "
			"the root is for: take the chain of the report's own product",
			r->cpuid_family, r->cpuid_model, s->product);
	return verdict_ok(v, "product", "%s", s->product);
}

/*
 * A host may keep its chip's name out of its reports (MASK_CHIP_ID), and then it is the
 * certificate's. With a VLEK no chip is named by anybody that AMD has signed.
 */
static bool chip_fits(const struct signer *s, const struct attestation_report *r, struct verdict *v)
{
	static const uint8_t masked[sizeof(r->chip_id)];

	if (s->vlek)
		return verdict_ok(v, "chip", "not in a VLEK's certificate");
	if (!memcmp(r->chip_id, masked, sizeof(masked)))
		return verdict_ok(v, "chip", "masked in the report, the certificate's HWID counts");
	return verdict_same(v, "chip", r->chip_id, s->hwid, sizeof(s->hwid),
			    "the certificate is for another chip's key, so take that of CHIP_ID");
}

bool leaf_fits(const struct signer *s, const struct attestation_report *r, struct verdict *v)
{
	return product_fits(s, r, v) && chip_fits(s, r, v) &&
	       verdict_same(v, "TCB of key", r->reported_tcb, s->tcb, sizeof(s->tcb),
			    "the certificate is for the key of another firmware, so take that of "
			    "REPORTED_TCB");
}

#define NUMBER_BYTES 72

/* R and S, little-endian, as the DER that libcrypto takes. */
static int signature_der(const struct attestation_report *r, uint8_t **der)
{
	BIGNUM *br = BN_lebin2bn(r->signature_r, NUMBER_BYTES, NULL);
	BIGNUM *bs = BN_lebin2bn(r->signature_s, NUMBER_BYTES, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n = -1;

	if (sig && br && bs && ECDSA_SIG_set0(sig, br, bs) == 1) {
		br = bs = NULL; /* sig's now */
		n = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(br);
	BN_free(bs);
	ECDSA_SIG_free(sig);
	return n;
}

bool report_signed(const struct signer *s, const struct attestation_report *r, struct verdict *v)
{
	size_t signed_bytes = offsetof(struct attestation_report, signature_r);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int n = signature_der(r, &der);
	bool ok = ctx && n > 0 &&
		  EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, X509_get0_pubkey(s->leaf)) ==
			  1 &&
		  EVP_DigestVerify(ctx, der, (size_t)n, (const uint8_t *)r, signed_bytes) == 1;

	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	if (!ok)
		return verdict_refuse(
			v, "signature",
			"it is not the certificate's key that has signed these bytes: the "
			"report was changed, or certificate and report are of different "
			"machines");
	return verdict_ok(v, "signature", "by that %s", s->vlek ? "VLEK" : "VCEK");
}
