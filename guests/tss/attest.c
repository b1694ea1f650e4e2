/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Attestations, judged outside the TPM. Part 2, 10.12. */
#include "tss/attest.h"
#include "tss/crypto.h"

const TPMT_SIG_SCHEME attest_own_scheme = {.scheme = TPM2_ALG_NULL};

/* A fresh nonce for each attestation, so that an old one cannot pass. */
TPM2B_DATA attest_nonce(void)
{
	TPM2B_DATA data = {.size = 20};

	crypto_random(data.buffer, data.size);
	return data;
}

static struct key attest_key(TPM2B_PUBLIC tmpl)
{
	return key_primary(ESYS_TR_RH_ENDORSEMENT, tmpl, key_secret(NULL, NULL, 0));
}

struct key attest_key_rsa(void)
{
	return attest_key(key_rsa(2048, KEY_ATTEST, TPM2_ALG_RSASSA));
}

struct key attest_key_ecc(void)
{
	return attest_key(key_ecc(TPM2_ECC_NIST_P256, KEY_ATTEST, TPM2_ALG_ECDSA));
}

/*
 * Checks everything that all attestations share: the signature by libcrypto, the magic number that
 * only the TPM may sign, the type, our nonce, the signer's name, the firmware version. The caller
 * checks what is special to its type.
 */
TPMS_ATTEST attest_check(const TPM2B_ATTEST *info, const TPMT_SIGNATURE *signature,
			 const struct key *signer, TPMI_ST_ATTEST type, const TPM2B_DATA *ours)
{
	TPM2B_NAME *name, *qualified;
	TPM2B_PUBLIC *public;
	TPMS_ATTEST attest;
	size_t at = 0;

	CHECK(crypto_verify_message(signer->public, info->attestationData, info->size, signature));
	OK(Tss2_MU_TPMS_ATTEST_Unmarshal(info->attestationData, info->size, &at, &attest));
	CHECK_EQ(at, info->size);
	CHECK_EQ(attest.magic, TPM2_GENERATED_VALUE);
	CHECK_EQ(attest.type, type);
	SAME(&attest.extraData, ours);
	OK(Esys_ReadPublic(tss, signer->handle, NO_SESSION, &public, &name, &qualified));
	SAME(&attest.qualifiedSigner, qualified);
	CHECK_EQ(attest.firmwareVersion, (uint64_t)tss_property(TPM2_PT_FIRMWARE_VERSION_1) << 32 |
						 tss_property(TPM2_PT_FIRMWARE_VERSION_2));
	return attest;
}
