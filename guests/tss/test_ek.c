/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The endorsement keys, and a credential for an attestation key: part 1, section 24. */
#include "tss/attest.h"
#include "tss/crypto.h"
#include "tss/ek.h"
#include "tss/session.h"

static void same_each_time(TPM2B_PUBLIC tmpl)
{
	struct key first = ek_make(tmpl), second;
	TPM2B_NAME name = key_name(first.public), again;

	key_flush(&first);
	second = ek_make(tmpl);
	again = key_name(second.public);
	SAME(&again, &name);
	OK(Esys_Clear(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
	second = ek_make(tmpl);
	again = key_name(second.public);
	SAME(&again, &name);
}

TSS_TEST(ek_same_rsa, "ek-rsa", "the RSA-2048 EK is the same each time, after a Clear too")
{
	same_each_time(ek_rsa2048());
}

TSS_TEST(ek_same_p256, "ek-p256", "the P-256 EK is the same each time, after a Clear too")
{
	same_each_time(ek_p256());
}

TSS_TEST(ek_same_p384, "ek-p384", "the P-384 EK is the same each time, after a Clear too")
{
	same_each_time(ek_p384());
}

/* A credential made for one key's name under that EK opens for that key, and for no other. */
static void credential(TPM2B_PUBLIC tmpl)
{
	struct key ek = ek_make(tmpl), ak = attest_key_ecc();
	TPM2B_NAME name = key_name(ak.public);
	TPM2B_DIGEST secret = {.size = 32}, *out;
	TPM2B_ENCRYPTED_SECRET *seed;
	TPM2B_ID_OBJECT *blob;
	ESYS_TR by = ek_session(&ek);

	crypto_random(secret.buffer, secret.size);
	OK(Esys_MakeCredential(tss, ek.handle, NO_SESSION, &secret, &name, &blob, &seed));
	OK(Esys_ActivateCredential(tss, ak.handle, ek.handle, ESYS_TR_PASSWORD, by, ESYS_TR_NONE,
				   blob, seed, &out));
	SAME(out, &secret);
	name.name[name.size - 1] ^= 1;
	OK(Esys_MakeCredential(tss, ek.handle, NO_SESSION, &secret, &name, &blob, &seed));
	by = ek_session(&ek);
	FAILS(Esys_ActivateCredential(tss, ak.handle, ek.handle, ESYS_TR_PASSWORD, by, ESYS_TR_NONE,
				      blob, seed, &out),
	      RC_P(TPM2_RC_INTEGRITY, 1));
}

TSS_TEST(credential_rsa, "credential-rsa", "MakeCredential and ActivateCredential by the RSA EK")
{
	credential(ek_rsa2048());
}

TSS_TEST(credential_p256, "credential-p256",
	 "MakeCredential and ActivateCredential by the P-256 EK")
{
	credential(ek_p256());
}

TSS_TEST(credential_p384, "credential-p384",
	 "MakeCredential and ActivateCredential by the P-384 EK")
{
	credential(ek_p384());
}

TSS_TEST(ek_no_password, "ek-policy-only", "an EK of the low range is not used by a password")
{
	struct key ek = ek_make(ek_p256());
	TPM2B_PUBLIC tmpl = key_sealed(KEY_HERE), *public;
	TPM2B_SENSITIVE_CREATE secret = key_secret(NULL, "x", 1);
	TPML_PCR_SELECTION none = {0};
	TPM2B_CREATION_DATA *creation;
	TPM2B_PRIVATE *private;
	TPMT_TK_CREATION *ticket;
	TPM2B_DATA info = {0};
	TPM2B_DIGEST *hash;

	FAILS(Esys_Create(tss, ek.handle, PASSWORD, &secret, &tmpl, &info, &none, &private, &public,
			  &creation, &hash, &ticket),
	      TPM2_RC_AUTH_UNAVAILABLE);
	OK(Esys_Create(tss, ek.handle, BY(ek_session(&ek)), &secret, &tmpl, &info, &none, &private,
		       &public, &creation, &hash, &ticket));
}
