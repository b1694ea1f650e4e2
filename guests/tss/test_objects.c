/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Objects: create, load, read, seal, change, evict. Part 3, sections 12, 24.1, 28.5. */
#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/sign.h"

TSS_TEST(object_name, "object-name", "an object's name is the hash of its public area")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P384, KEY_SIGN, TPM2_ALG_ECDSA));
	TPM2B_NAME *name, *qualified, want = key_name(k.public);
	TPM2B_PUBLIC *public;

	OK(Esys_ReadPublic(tss, k.handle, NO_SESSION, &public, &name, &qualified));
	SAME(name, &want);
	SAME(&public->publicArea.unique.ecc.x, &k.public->publicArea.unique.ecc.x);
	CHECK(qualified->size == want.size);
}

TSS_TEST(object_child, "object-child", "a child is wrapped by its parent, loads again and signs")
{
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA),
				 key_secret("secret", NULL, 0));
	TPM2B_AUTH auth;

	sign_round_trip(&k, TPM2_ALG_ECDSA);
	key_flush(&k);
	key_load(&k, &parent);
	tss_auth(&auth, "secret");
	OK(Esys_TR_SetAuth(tss, k.handle, &auth));
	sign_round_trip(&k, TPM2_ALG_ECDSA);
}

TSS_TEST(object_rsa_child, "object-rsa-create", "TPM2_Create makes an RSA-2048 key that signs")
{
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_rsa(2048, KEY_SIGN, TPM2_ALG_RSASSA),
				 key_secret(NULL, NULL, 0));

	sign_round_trip(&k, TPM2_ALG_RSASSA);
}

TSS_TEST(object_tampered, "object-tampered", "a private part with one bit changed does not load")
{
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA),
				 key_secret(NULL, NULL, 0));
	ESYS_TR out;

	k.private->buffer[k.private->size - 1] ^= 1;
	FAILS(Esys_Load(tss, parent.handle, PASSWORD, k.private, k.public, &out),
	      RC_P(TPM2_RC_INTEGRITY, 1));
}

TSS_TEST(object_seal, "object-seal", "sealed data comes back, by its password only")
{
	struct key parent = key_parent();
	uint8_t data[128];
	TPM2B_SENSITIVE_DATA *out;
	TPM2B_AUTH wrong;
	struct key k;

	crypto_random(data, sizeof(data));
	k = key_child(&parent, key_sealed(KEY_HERE), key_secret("open", data, sizeof(data)));
	OK(Esys_Unseal(tss, k.handle, PASSWORD, &out));
	SAME_BYTES(out->buffer, out->size, data, sizeof(data));
	tss_auth(&wrong, "shut");
	OK(Esys_TR_SetAuth(tss, k.handle, &wrong));
	FAILS(Esys_Unseal(tss, k.handle, PASSWORD, &out), RC_S(TPM2_RC_BAD_AUTH, 1));
}

TSS_TEST(object_auth, "object-change-auth", "after ObjectChangeAuth the new password opens it")
{
	struct key parent = key_parent();
	struct key k = key_child(&parent, key_sealed(KEY_HERE), key_secret("old", "x", 1));
	TPM2B_SENSITIVE_DATA *out;
	TPM2B_AUTH new;

	tss_auth(&new, "new");
	OK(Esys_ObjectChangeAuth(tss, k.handle, parent.handle, PASSWORD, &new, &k.private));
	key_flush(&k);
	key_load(&k, &parent);
	FAILS(Esys_Unseal(tss, k.handle, PASSWORD, &out), RC_S(TPM2_RC_BAD_AUTH, 1));
	OK(Esys_TR_SetAuth(tss, k.handle, &new));
	OK(Esys_Unseal(tss, k.handle, PASSWORD, &out));
}

TSS_TEST(object_external, "object-load-external", "a public key from outside verifies, signs not")
{
	struct key k = key_null(key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA));
	TPM2B_DIGEST digest = crypto_digest(TPM2_ALG_SHA256, "m", 1);
	TPMT_SIGNATURE *signature = sign_digest(&k, &digest), *none;
	const TPMT_SIG_SCHEME own = {.scheme = TPM2_ALG_NULL};
	TPMT_TK_HASHCHECK ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
	TPMT_TK_VERIFIED *verified;
	ESYS_TR loaded;

	OK(Esys_LoadExternal(tss, NO_SESSION, NULL, k.public, ESYS_TR_RH_OWNER, &loaded));
	OK(Esys_VerifySignature(tss, loaded, NO_SESSION, &digest, signature, &verified));
	FAILS(Esys_Sign(tss, loaded, PASSWORD, &digest, &own, &ticket, &none),
	      TPM2_RC_AUTH_UNAVAILABLE);
}

TSS_TEST(object_persistent, "object-persistent", "an evicted key is used by its handle, then gone")
{
	struct key k = key_parent();
	ESYS_TR kept, none, again;
	TPM2_HANDLE handle;

	OK(Esys_EvictControl(tss, ESYS_TR_RH_OWNER, k.handle, PASSWORD, TSS_PERSISTENT(0), &kept));
	CHECK_EQ(tss_handles(TSS_PERSISTENT(0), &handle, 1), 1);
	CHECK_EQ(handle, TSS_PERSISTENT(0));
	key_flush(&k);
	OK(Esys_TR_FromTPMPublic(tss, TSS_PERSISTENT(0), NO_SESSION, &again));
	k.handle = again;
	key_child(&k, key_sealed(KEY_HERE), key_secret(NULL, "x", 1));
	OK(Esys_EvictControl(tss, ESYS_TR_RH_OWNER, again, PASSWORD, TSS_PERSISTENT(0), &none));
	FAILS(Esys_TR_FromTPMPublic(tss, TSS_PERSISTENT(0), NO_SESSION, &again),
	      RC_H(TPM2_RC_HANDLE, 1));
}

TSS_TEST(object_memory, "object-memory", "a fourth object has no place; a flush makes one")
{
	TPM2B_PUBLIC tmpl = key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA);
	struct key k[3];

	for (int i = 0; i < 3; i++)
		k[i] = key_null(tmpl);
	FAILS(key_try_primary(ESYS_TR_RH_NULL, &tmpl), TPM2_RC_OBJECT_MEMORY);
	key_flush(&k[1]);
	k[1] = key_null(tmpl);
	/* The same seed and template: the same key, part 1, 27.6. */
	SAME(&k[1].public->publicArea.unique.ecc.x, &k[0].public->publicArea.unique.ecc.x);
}
