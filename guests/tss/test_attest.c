/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Quote, certify, time; signatures by libcrypto. Part 3, section 18. */
#include "tss/attest.h"
#include "tss/crypto.h"
#include "tss/nv.h"
#include "tss/pcr.h"

static void quote(struct key k)
{
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, 0x8100ff);
	TPM2B_DATA ours = attest_nonce();
	TPM2B_DIGEST want = pcr_composite(0x8100ff);
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;
	TPMS_ATTEST a;

	OK(Esys_Quote(tss, k.handle, PASSWORD, &ours, &attest_own_scheme, &pcrs, &info,
		      &signature));
	a = attest_check(info, signature, &k, TPM2_ST_ATTEST_QUOTE, &ours);
	SAME(&a.attested.quote.pcrDigest, &want);
	CHECK_EQ(a.attested.quote.pcrSelect.count, 1);
	CHECK_EQ(a.attested.quote.pcrSelect.pcrSelections[0].pcrSelect[2], 0x81);
	info->attestationData[info->size - 1] ^= 1;
	CHECK(!crypto_verify_message(k.public, info->attestationData, info->size, signature));
}

TSS_TEST(quote_rsa, "quote-rsa", "an RSA-2048 quote holds the PCRs, our nonce, a good signature")
{
	quote(attest_key_rsa());
}

TSS_TEST(quote_ecc, "quote-ecc", "a P-256 quote holds the PCRs, our nonce, a good signature")
{
	quote(attest_key_ecc());
}

TSS_TEST(attest_certify, "certify", "a certified object is named by its name and qualified name")
{
	struct key signer = attest_key_ecc(), parent = key_parent();
	struct key k = key_child(&parent, key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA),
				 key_secret(NULL, NULL, 0));
	TPM2B_NAME want = key_name(k.public), *name, *qualified;
	TPM2B_DATA ours = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_PUBLIC *public;
	TPM2B_ATTEST *info;
	TPMS_ATTEST a;

	OK(Esys_Certify(tss, k.handle, signer.handle, PASSWORD2, &ours, &attest_own_scheme, &info,
			&signature));
	a = attest_check(info, signature, &signer, TPM2_ST_ATTEST_CERTIFY, &ours);
	SAME(&a.attested.certify.name, &want);
	OK(Esys_ReadPublic(tss, k.handle, NO_SESSION, &public, &name, &qualified));
	SAME(&a.attested.certify.qualifiedName, qualified);
}

TSS_TEST(attest_creation, "certify-creation",
	 "the TPM knows by its ticket what it created, and how")
{
	struct key signer = attest_key_ecc(), parent = key_parent();
	struct key k = key_child(&parent, key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA),
				 key_secret(NULL, NULL, 0));
	TPM2B_NAME want = key_name(k.public);
	TPM2B_DATA ours = attest_nonce();
	uint8_t bytes[sizeof(TPMS_CREATION_DATA)];
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;
	TPM2B_DIGEST hash;
	TPMS_ATTEST a;
	size_t len = 0;

	OK(Tss2_MU_TPMS_CREATION_DATA_Marshal(&k.creation->creationData, bytes, sizeof(bytes),
					      &len));
	hash = crypto_digest(TPM2_ALG_SHA256, bytes, len);
	SAME(k.creation_hash, &hash);
	OK(Esys_CertifyCreation(tss, signer.handle, k.handle, PASSWORD, &ours, k.creation_hash,
				&attest_own_scheme, k.ticket, &info, &signature));
	a = attest_check(info, signature, &signer, TPM2_ST_ATTEST_CREATION, &ours);
	SAME(&a.attested.creation.objectName, &want);
	SAME(&a.attested.creation.creationHash, &hash);
	k.ticket->digest.buffer[0] ^= 1;
	FAILS(Esys_CertifyCreation(tss, signer.handle, k.handle, PASSWORD, &ours, k.creation_hash,
				   &attest_own_scheme, k.ticket, &info, &signature),
	      RC_P(TPM2_RC_TICKET, 4));
}

TSS_TEST(attest_time, "get-time", "GetTime signs the clock that ReadClock shows")
{
	struct key signer = attest_key_ecc();
	TPM2B_DATA ours = attest_nonce();
	TPMS_TIME_INFO *before, *after;
	TPMT_SIGNATURE *signature;
	const TPMS_TIME_INFO *signed_time;
	TPM2B_ATTEST *info;
	TPMS_ATTEST a;

	OK(Esys_ReadClock(tss, NO_SESSION, &before));
	OK(Esys_GetTime(tss, ESYS_TR_RH_ENDORSEMENT, signer.handle, PASSWORD2, &ours,
			&attest_own_scheme, &info, &signature));
	OK(Esys_ReadClock(tss, NO_SESSION, &after));
	a = attest_check(info, signature, &signer, TPM2_ST_ATTEST_TIME, &ours);
	signed_time = &a.attested.time.time;
	CHECK(signed_time->time >= before->time && signed_time->time <= after->time);
	CHECK(signed_time->clockInfo.clock >= before->clockInfo.clock);
	CHECK_EQ(signed_time->clockInfo.resetCount, before->clockInfo.resetCount);
}

TSS_TEST(attest_nv, "nv-certify", "the content of an index is certified")
{
	struct key signer = attest_key_ecc();
	ESYS_TR index = nv_define(0, NV_PLAIN, 32, NULL, NULL);
	TPM2B_DATA ours = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;
	TPMS_ATTEST a;
	TPM2B_NAME *name;

	nv_write(index, "0123456789abcdef0123456789abcdef", 32, 0);
	OK(Esys_NV_Certify(tss, signer.handle, index, index, PASSWORD2, &ours, &attest_own_scheme,
			   16, 8, &info, &signature));
	a = attest_check(info, signature, &signer, TPM2_ST_ATTEST_NV, &ours);
	SAME_BYTES(a.attested.nv.nvContents.buffer, a.attested.nv.nvContents.size,
		   "89abcdef01234567", 16);
	CHECK_EQ(a.attested.nv.offset, 8);
	OK(Esys_TR_GetName(tss, index, &name));
	SAME(&a.attested.nv.indexName, name);
}

TSS_TEST(attest_plain_key, "quote-refused", "a key that is no signing key quotes nothing")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_DECRYPT, TPM2_ALG_ECDH));
	TPML_PCR_SELECTION pcrs = pcr_select(TPM2_ALG_SHA256, 1);
	TPM2B_DATA ours = attest_nonce();
	TPMT_SIGNATURE *signature;
	TPM2B_ATTEST *info;

	FAILS(Esys_Quote(tss, k.handle, PASSWORD, &ours, &attest_own_scheme, &pcrs, &info,
			 &signature),
	      RC_H(TPM2_RC_KEY, 1));
}
