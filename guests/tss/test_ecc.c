/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Elliptic curves: ECDSA and ECDH against libcrypto. Part 3, section 14; part 1, annex C. */
#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/sign.h"

TSS_TEST(ecc_p256, "ecc-p256-ecdsa", "a P-256 signature satisfies libcrypto")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));

	sign_round_trip(&k, TPM2_ALG_ECDSA);
}

TSS_TEST(ecc_p384, "ecc-p384-ecdsa", "a P-384 signature satisfies libcrypto")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P384, KEY_SIGN, TPM2_ALG_ECDSA));

	sign_round_trip(&k, TPM2_ALG_ECDSA);
}

/* x of our private key times the TPM's public one, as libcrypto computes it. */
static size_t derive(EVP_PKEY *ours, const TPM2B_PUBLIC *theirs, uint8_t *x, size_t len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);

	REQUIRE(context && EVP_PKEY_derive_init(context) == 1);
	REQUIRE(EVP_PKEY_derive_set_peer(context, crypto_public(theirs)) == 1);
	REQUIRE(EVP_PKEY_derive(context, x, &len) == 1);
	return len;
}

static void zgen(TPMI_ECC_CURVE curve, const char *name)
{
	struct key k = key_null(key_ecc(curve, KEY_DECRYPT, TPM2_ALG_ECDH));
	EVP_PKEY *ours = crypto_generate_ecc(name);
	TPM2B_ECC_POINT point = crypto_point(ours), *shared;
	uint8_t x[48];
	size_t len = derive(ours, k.public, x, sizeof(x));

	OK(Esys_ECDH_ZGen(tss, k.handle, PASSWORD, &point, &shared));
	SAME_BYTES(shared->point.x.buffer, shared->point.x.size, x, len);
}

TSS_TEST(ecc_zgen, "ecc-ecdh-zgen", "TPM and libcrypto agree on a shared secret, P-256 and P-384")
{
	zgen(TPM2_ECC_NIST_P256, "P-256");
	zgen(TPM2_ECC_NIST_P384, "P-384");
}

TSS_TEST(ecc_keygen, "ecc-ecdh-keygen", "an ephemeral key's secret is what the key's owner finds")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_DECRYPT, TPM2_ALG_ECDH));
	TPM2B_ECC_POINT *secret, *ephemeral, *found;

	OK(Esys_ECDH_KeyGen(tss, k.handle, NO_SESSION, &secret, &ephemeral));
	OK(Esys_ECDH_ZGen(tss, k.handle, PASSWORD, ephemeral, &found));
	SAME(&found->point.x, &secret->point.x);
	SAME(&found->point.y, &secret->point.y);
}

TSS_TEST(ecc_offcurve, "ecc-point-refused", "a point that is not on the curve is refused")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_DECRYPT, TPM2_ALG_ECDH));
	TPM2B_ECC_POINT point = crypto_point(crypto_generate_ecc("P-256")), *out;

	point.point.y.buffer[31] ^= 1;
	FAILS(Esys_ECDH_ZGen(tss, k.handle, PASSWORD, &point, &out), RC_P(TPM2_RC_ECC_POINT, 1));
}

TSS_TEST(ecc_parameters, "ecc-parameters", "P-256 has the published prime")
{
	static const uint8_t p[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
				      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				      0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,
				      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	TPMS_ALGORITHM_DETAIL_ECC *detail;

	OK(Esys_ECC_Parameters(tss, NO_SESSION, TPM2_ECC_NIST_P256, &detail));
	CHECK_EQ(detail->keySize, 256);
	SAME_BYTES(detail->p.buffer, detail->p.size, p, sizeof(p));
}
