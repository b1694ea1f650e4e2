/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The EK templates, their policies, their sessions. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/ek.h"
#include "tss/session.h"

#define EK_USE                                                                                     \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |        \
	 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* B.6.2: PolicyA, PolicySecret(TPM_RH_ENDORSEMENT), SHA-256. */
static const uint8_t policy_a[32] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
				     0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
				     0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
				     0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
/* B.6.4: PolicyB, a PolicyOR of PolicyA and PolicyC, SHA-384. */
static const uint8_t policy_b[48] = {0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8,
				     0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb,
				     0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4,
				     0x19, 0xca, 0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15,
				     0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12};

static void set_policy(TPM2B_PUBLIC *p, const uint8_t *digest, uint16_t len)
{
	p->publicArea.authPolicy.size = len;
	memcpy(p->publicArea.authPolicy.buffer, digest, len);
}

static void storage_cipher(TPMT_SYM_DEF_OBJECT *sym, unsigned bits)
{
	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = bits;
	sym->mode.aes = TPM2_ALG_CFB;
}

TPM2B_PUBLIC ek_rsa2048(void)
{
	TPM2B_PUBLIC p = key_rsa(2048, EK_USE, TPM2_ALG_NULL);

	storage_cipher(&p.publicArea.parameters.rsaDetail.symmetric, 128);
	p.publicArea.unique.rsa.size = 256; /* of zeros */
	set_policy(&p, policy_a, sizeof(policy_a));
	return p;
}

TPM2B_PUBLIC ek_p256(void)
{
	TPM2B_PUBLIC p = key_ecc(TPM2_ECC_NIST_P256, EK_USE, TPM2_ALG_NULL);

	storage_cipher(&p.publicArea.parameters.eccDetail.symmetric, 128);
	p.publicArea.unique.ecc.x.size = p.publicArea.unique.ecc.y.size = 32;
	set_policy(&p, policy_a, sizeof(policy_a));
	return p;
}

TPM2B_PUBLIC ek_p384(void)
{
	TPM2B_PUBLIC p =
		key_ecc(TPM2_ECC_NIST_P384, EK_USE | TPMA_OBJECT_USERWITHAUTH, TPM2_ALG_NULL);

	storage_cipher(&p.publicArea.parameters.eccDetail.symmetric, 256);
	set_policy(&p, policy_b, sizeof(policy_b));
	return p;
}

struct key ek_make(TPM2B_PUBLIC tmpl)
{
	return key_primary(ESYS_TR_RH_ENDORSEMENT, tmpl, key_secret(NULL, NULL, 0));
}

ESYS_TR ek_session(const struct key *ek)
{
	ESYS_TR session;
	TPM2B_TIMEOUT *timeout;
	TPMT_TK_AUTH *ticket;

	if (ek->public->publicArea.objectAttributes & TPMA_OBJECT_USERWITHAUTH)
		return ESYS_TR_PASSWORD;
	session = session_policy();
	OK(Esys_PolicySecret(tss, ESYS_TR_RH_ENDORSEMENT, session, PASSWORD, NULL, NULL, NULL, 0,
			     &timeout, &ticket));
	return session;
}
