/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Objects in the TPM. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"

static const TPM2B_DATA no_data;
static const TPML_PCR_SELECTION no_pcrs;

/* A failure ends the test. ESYS needs the object's authorization value to use it later. */
struct key key_primary(ESYS_TR hierarchy, TPM2B_PUBLIC tmpl, TPM2B_SENSITIVE_CREATE secret)
{
	struct key k = {0};

	OK(Esys_CreatePrimary(tss, hierarchy, PASSWORD, &secret, &tmpl, &no_data, &no_pcrs,
			      &k.handle, &k.public, &k.creation, &k.creation_hash, &k.ticket));
	if (secret.sensitive.userAuth.size)
		OK(Esys_TR_SetAuth(tss, k.handle, &secret.sensitive.userAuth));
	return k;
}

/* For templates that the TPM should refuse: returns its code instead of ending the test. */
TSS2_RC key_try_primary(ESYS_TR hierarchy, const TPM2B_PUBLIC *tmpl)
{
	const TPM2B_SENSITIVE_CREATE no_secret = {0};
	struct key k = {0};

	return Esys_CreatePrimary(tss, hierarchy, PASSWORD, &no_secret, tmpl, &no_data, &no_pcrs,
				  &k.handle, &k.public, &k.creation, &k.creation_hash, &k.ticket);
}

struct key key_null(TPM2B_PUBLIC tmpl)
{
	return key_primary(ESYS_TR_RH_NULL, tmpl, key_secret(NULL, NULL, 0));
}

struct key key_parent(void)
{
	return key_primary(ESYS_TR_RH_OWNER,
			   key_ecc(TPM2_ECC_NIST_P256, KEY_STORAGE, TPM2_ALG_NULL),
			   key_secret(NULL, NULL, 0));
}

void key_load(struct key *k, const struct key *parent)
{
	OK(Esys_Load(tss, parent->handle, PASSWORD, k->private, k->public, &k->handle));
}

struct key key_child(const struct key *parent, TPM2B_PUBLIC tmpl, TPM2B_SENSITIVE_CREATE secret)
{
	struct key k = {0};

	OK(Esys_Create(tss, parent->handle, PASSWORD, &secret, &tmpl, &no_data, &no_pcrs,
		       &k.private, &k.public, &k.creation, &k.creation_hash, &k.ticket));
	key_load(&k, parent);
	OK(Esys_TR_SetAuth(tss, k.handle, &secret.sensitive.userAuth));
	return k;
}

void key_flush(struct key *k)
{
	OK(Esys_FlushContext(tss, k->handle));
	k->handle = ESYS_TR_NONE;
}

/* The name as the TPM should calculate it: nameAlg, then the hash of the public area. */
TPM2B_NAME key_name(const TPM2B_PUBLIC *public)
{
	TPMI_ALG_HASH alg = public->publicArea.nameAlg;
	uint8_t bytes[sizeof(TPMT_PUBLIC)];
	TPM2B_DIGEST digest;
	TPM2B_NAME name;
	size_t len = 0;

	OK(Tss2_MU_TPMT_PUBLIC_Marshal(&public->publicArea, bytes, sizeof(bytes), &len));
	digest = crypto_digest(alg, bytes, len);
	name.name[0] = alg >> 8;
	name.name[1] = alg & 0xff;
	memcpy(name.name + 2, digest.buffer, digest.size);
	name.size = 2 + digest.size;
	return name;
}
