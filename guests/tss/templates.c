/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Public areas to create objects from (part 2, 12.2.4). */
#include <string.h>

#include "tss/keys.h"

/* Only a storage key has a symmetric cipher: it protects the key's children. */
static void symmetric(TPMT_SYM_DEF_OBJECT *sym, TPMA_OBJECT use)
{
	sym->algorithm = TPM2_ALG_NULL;
	if ((use & KEY_STORAGE) != KEY_STORAGE)
		return;
	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = 128;
	sym->mode.aes = TPM2_ALG_CFB;
}

static TPM2B_PUBLIC area(TPMI_ALG_PUBLIC type, TPMI_ALG_HASH name, TPMA_OBJECT use)
{
	return (TPM2B_PUBLIC){
		.publicArea = {.type = type, .nameAlg = name, .objectAttributes = use}};
}

TPM2B_PUBLIC key_rsa(unsigned bits, TPMA_OBJECT use, TPMI_ALG_RSA_SCHEME scheme)
{
	TPM2B_PUBLIC p = area(TPM2_ALG_RSA, TPM2_ALG_SHA256, use);
	TPMS_RSA_PARMS *rsa = &p.publicArea.parameters.rsaDetail;

	symmetric(&rsa->symmetric, use);
	rsa->keyBits = bits;
	rsa->scheme.scheme = scheme;
	rsa->scheme.details.anySig.hashAlg = TPM2_ALG_SHA256;
	return p;
}

TPM2B_PUBLIC key_ecc(TPMI_ECC_CURVE curve, TPMA_OBJECT use, TPMI_ALG_ECC_SCHEME scheme)
{
	TPMI_ALG_HASH hash = curve == TPM2_ECC_NIST_P384 ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
	TPM2B_PUBLIC p = area(TPM2_ALG_ECC, hash, use);
	TPMS_ECC_PARMS *ecc = &p.publicArea.parameters.eccDetail;

	symmetric(&ecc->symmetric, use);
	ecc->curveID = curve;
	ecc->scheme.scheme = scheme;
	ecc->scheme.details.anySig.hashAlg = hash;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	return p;
}

TPM2B_PUBLIC key_aes(unsigned bits, TPMI_ALG_SYM_MODE mode)
{
	TPM2B_PUBLIC p = area(TPM2_ALG_SYMCIPHER, TPM2_ALG_SHA256, KEY_CIPHER);
	TPMT_SYM_DEF_OBJECT *sym = &p.publicArea.parameters.symDetail.sym;

	sym->algorithm = TPM2_ALG_AES;
	sym->keyBits.aes = bits;
	sym->mode.aes = mode;
	return p;
}

TPM2B_PUBLIC key_hmac(TPMI_ALG_HASH hash)
{
	TPM2B_PUBLIC p = area(TPM2_ALG_KEYEDHASH, TPM2_ALG_SHA256, KEY_SIGN);
	TPMT_KEYEDHASH_SCHEME *scheme = &p.publicArea.parameters.keyedHashDetail.scheme;

	scheme->scheme = TPM2_ALG_HMAC;
	scheme->details.hmac.hashAlg = hash;
	return p;
}

/* The data comes from outside, so the TPM must not be its origin. */
TPM2B_PUBLIC key_sealed(TPMA_OBJECT use)
{
	TPM2B_PUBLIC p =
		area(TPM2_ALG_KEYEDHASH, TPM2_ALG_SHA256, use & ~TPMA_OBJECT_SENSITIVEDATAORIGIN);

	p.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
	return p;
}

/* The authorization value and the data that go into a new object; either may be absent. */
TPM2B_SENSITIVE_CREATE key_secret(const char *auth, const void *data, size_t len)
{
	TPM2B_SENSITIVE_CREATE s = {0};

	if (auth)
		tss_auth(&s.sensitive.userAuth, auth);
	s.sensitive.data.size = len;
	if (len)
		memcpy(s.sensitive.data.buffer, data, len);
	return s;
}
