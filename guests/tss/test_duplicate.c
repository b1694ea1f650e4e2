/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Moving a key to another parent: part 1, section 23; part 3, section 13. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/keys.h"
#include "tss/session.h"
#include "tss/sign.h"

#define KEY_MOVABLE (KEY_SIGN & ~(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT))

static const TPMT_SYM_DEF_OBJECT aes = {
	.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
static const TPMT_SYM_DEF_OBJECT none = {.algorithm = TPM2_ALG_NULL};

/* A key under that parent that a policy of PolicyCommandCode(Duplicate) lets go. */
static struct key movable(const struct key *parent)
{
	TPM2B_PUBLIC tmpl = key_ecc(TPM2_ECC_NIST_P256, KEY_MOVABLE, TPM2_ALG_ECDSA);
	uint8_t cc[] = {0, 0, 1, 0x4b}; /* TPM2_CC_Duplicate */

	policy_extend(&tmpl.publicArea.authPolicy, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	return key_child(parent, tmpl, key_secret(NULL, NULL, 0));
}

static ESYS_TR leave(void)
{
	ESYS_TR session = session_policy();

	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_Duplicate));
	return session;
}

static struct key new_parent(void)
{
	return key_primary(ESYS_TR_RH_ENDORSEMENT,
			   key_ecc(TPM2_ECC_NIST_P384, KEY_STORAGE, TPM2_ALG_NULL),
			   key_secret(NULL, NULL, 0));
}

/* The key as its new parent knows it: imported, loaded, and it still signs. */
static void arrive(struct key *k, const struct key *parent, const TPM2B_PRIVATE *duplicate,
		   const TPM2B_DATA *key, const TPM2B_ENCRYPTED_SECRET *seed,
		   const TPMT_SYM_DEF_OBJECT *inner)
{
	OK(Esys_Import(tss, parent->handle, PASSWORD, key, k->public, duplicate, seed, inner,
		       &k->private));
	key_load(k, parent);
	sign_round_trip(k, TPM2_ALG_ECDSA);
}

static void duplicate(const TPMT_SYM_DEF_OBJECT *inner)
{
	struct key old = key_parent(), new, k = movable(&old);
	TPM2B_PRIVATE *blob;
	TPM2B_ENCRYPTED_SECRET *seed;
	TPM2B_DATA *inner_key;

	key_flush(&old);
	new = new_parent();
	OK(Esys_Duplicate(tss, k.handle, new.handle, BY(leave()), NULL, inner, &inner_key, &blob,
			  &seed));
	CHECK_EQ(inner_key->size, inner == &aes ? 16 : 0);
	key_flush(&k);
	arrive(&k, &new, blob, inner_key, seed, inner);
}

TSS_TEST(duplicate_outer, "duplicate",
	 "a key goes to another parent, sealed for it, and signs there")
{
	duplicate(&none);
}

TSS_TEST(duplicate_inner, "duplicate-inner", "the same with an inner wrapper of AES-128")
{
	duplicate(&aes);
}

TSS_TEST(duplicate_rewrap, "rewrap", "a duplicate is passed on to a third parent, unopened")
{
	struct key old = key_parent(), third, k = movable(&old);
	TPM2B_PRIVATE *blob, *passed;
	TPM2B_ENCRYPTED_SECRET *seed, *new_seed;
	TPM2B_DATA *inner_key, no_key = {0};
	TPM2B_NAME name = key_name(k.public);

	/* To its own parent first, which then passes it on. */
	OK(Esys_Duplicate(tss, k.handle, old.handle, BY(leave()), NULL, &none, &inner_key, &blob,
			  &seed));
	key_flush(&k);
	third = new_parent();
	OK(Esys_Rewrap(tss, old.handle, third.handle, PASSWORD, blob, &name, seed, &passed,
		       &new_seed));
	arrive(&k, &third, passed, &no_key, new_seed, &none);
}

TSS_TEST(duplicate_select, "policy-duplication-select",
	 "a policy names the only new parent allowed")
{
	struct key old = key_parent(), new = new_parent(), k;
	TPM2B_NAME object, parent = key_name(new.public);
	TPM2B_PUBLIC tmpl = key_ecc(TPM2_ECC_NIST_P256, KEY_MOVABLE, TPM2_ALG_ECDSA);
	uint8_t args[sizeof(parent.name) + 1];
	ESYS_TR session = session_policy();
	TPM2B_PRIVATE *blob;
	TPM2B_ENCRYPTED_SECRET *seed;
	TPM2B_DATA *inner_key;

	memcpy(args, parent.name, parent.size);
	args[parent.size] = TPM2_NO; /* the policy does not name the object */
	policy_extend(&tmpl.publicArea.authPolicy, TPM2_CC_PolicyDuplicationSelect, args,
		      parent.size + 1);
	k = key_child(&old, tmpl, key_secret(NULL, NULL, 0));
	object = key_name(k.public);
	OK(Esys_PolicyDuplicationSelect(tss, session, NO_SESSION, &object, &parent, TPM2_NO));
	POLICY_IS(session, &tmpl.publicArea.authPolicy);
	FAILS(Esys_Duplicate(tss, k.handle, old.handle, BY(session), NULL, &none, &inner_key, &blob,
			     &seed),
	      RC_S(TPM2_RC_POLICY_FAIL, 1));
	OK(Esys_Duplicate(tss, k.handle, new.handle, BY(session), NULL, &none, &inner_key, &blob,
			  &seed));
}

TSS_TEST(duplicate_fixed, "duplicate-refused", "a key that is fixed to its parent cannot leave it")
{
	struct key old = key_parent(), new = new_parent(), k;
	TPM2B_PUBLIC tmpl = key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA);
	uint8_t cc[] = {0, 0, 1, 0x4b};
	TPM2B_PRIVATE *blob;
	TPM2B_ENCRYPTED_SECRET *seed;
	TPM2B_DATA *inner_key;

	policy_extend(&tmpl.publicArea.authPolicy, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	k = key_child(&old, tmpl, key_secret(NULL, NULL, 0));
	FAILS(Esys_Duplicate(tss, k.handle, new.handle, BY(leave()), NULL, &none, &inner_key, &blob,
			     &seed),
	      RC_H(TPM2_RC_ATTRIBUTES, 1));
}
