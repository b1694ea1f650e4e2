/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* RSA: made, signed with, encrypted to; libcrypto judges. Part 3, sections 12, 14, 20. */
#include <openssl/rsa.h>

#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/sign.h"

static void sign_and_verify(unsigned bits, TPMI_ALG_SIG_SCHEME scheme)
{
	struct key k = key_null(key_rsa(bits, KEY_SIGN, scheme));

	CHECK_EQ(k.public->publicArea.unique.rsa.size, bits / 8);
	CHECK(k.public->publicArea.unique.rsa.buffer[0] & 0x80);
	sign_round_trip(&k, scheme);
}

TSS_TEST(rsa_ssa, "rsa-2048-rsassa", "an RSA-2048 PKCS #1 v1.5 signature satisfies libcrypto")
{
	sign_and_verify(2048, TPM2_ALG_RSASSA);
}

TSS_TEST(rsa_pss, "rsa-2048-rsapss", "an RSA-2048 PSS signature satisfies libcrypto")
{
	sign_and_verify(2048, TPM2_ALG_RSAPSS);
}

TSS_TEST(rsa_3072, "rsa-3072-rsassa", "an RSA-3072 key is made, and its signature holds")
{
	sign_and_verify(3072, TPM2_ALG_RSASSA);
}

static void encrypt(TPMI_ALG_RSA_SCHEME scheme, int padding)
{
	struct key k = key_null(key_rsa(2048, KEY_DECRYPT, TPM2_ALG_NULL));
	TPMT_RSA_DECRYPT how = {.scheme = scheme, .details.oaep.hashAlg = TPM2_ALG_SHA256};
	TPM2B_PUBLIC_KEY_RSA plain = {.size = 100}, by_us = {.size = 256}, *by_tpm, *back;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(crypto_public(k.public), NULL);
	TPM2B_DATA label = {0};
	size_t len = 256;

	crypto_random(plain.buffer, plain.size);
	OK(Esys_RSA_Encrypt(tss, k.handle, NO_SESSION, &plain, &how, &label, &by_tpm));
	OK(Esys_RSA_Decrypt(tss, k.handle, PASSWORD, by_tpm, &how, &label, &back));
	SAME(back, &plain);

	REQUIRE(EVP_PKEY_encrypt_init(context) == 1);
	REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1);
	if (padding == RSA_PKCS1_OAEP_PADDING)
		REQUIRE(EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1);
	REQUIRE(EVP_PKEY_encrypt(context, by_us.buffer, &len, plain.buffer, plain.size) == 1);
	OK(Esys_RSA_Decrypt(tss, k.handle, PASSWORD, &by_us, &how, &label, &back));
	SAME(back, &plain);
}

TSS_TEST(rsa_oaep, "rsa-oaep", "OAEP: what libcrypto and the TPM encrypt, the TPM decrypts")
{
	encrypt(TPM2_ALG_OAEP, RSA_PKCS1_OAEP_PADDING);
}

TSS_TEST(rsa_es, "rsa-rsaes", "PKCS #1 v1.5: what libcrypto and the TPM encrypt, the TPM decrypts")
{
	encrypt(TPM2_ALG_RSAES, RSA_PKCS1_PADDING);
}

TSS_TEST(rsa_bad, "rsa-refused", "a key size nobody has, and cipher text of the wrong size")
{
	struct key k = key_null(key_rsa(2048, KEY_DECRYPT, TPM2_ALG_NULL));
	TPM2B_PUBLIC odd = key_rsa(2047, KEY_SIGN, TPM2_ALG_RSASSA);
	TPMT_PUBLIC_PARMS parms = {.type = TPM2_ALG_RSA, .parameters = odd.publicArea.parameters};
	TPMT_RSA_DECRYPT raw = {.scheme = TPM2_ALG_NULL};
	TPM2B_PUBLIC_KEY_RSA text = {.size = 255}, *out;
	TPM2B_DATA label = {0};

	FAILS(Esys_RSA_Decrypt(tss, k.handle, PASSWORD, &text, &raw, &label, &out), TPM2_RC_SIZE);
	FAILS(Esys_TestParms(tss, NO_SESSION, &parms), RC_P(TPM2_RC_VALUE, 1));
}
