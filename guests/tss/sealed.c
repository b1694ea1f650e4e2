/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Seal under a policy alone; open with a session. */
#include "tss/sealed.h"

/*
 * A sealed object that only the policy opens: without userWithAuth its password does not. The
 * parent is flushed, because the TPM holds three objects at a time.
 */
struct key sealed_by(const TPM2B_DIGEST *policy)
{
	struct key parent = key_parent();
	TPM2B_PUBLIC tmpl = key_sealed(KEY_HERE & ~TPMA_OBJECT_USERWITHAUTH);
	struct key k;

	tmpl.publicArea.authPolicy = *policy;
	k = key_child(&parent, tmpl, key_secret("pass", "treasure", 8));
	key_flush(&parent);
	return k;
}

/*
 * Returns the TPM's code, because tests also expect a refusal. On success the content must be
 * right.
 */
TSS2_RC sealed_open(const struct key *k, ESYS_TR session)
{
	TPM2B_SENSITIVE_DATA *out;
	TSS2_RC rc = Esys_Unseal(tss, k->handle, BY(session), &out);

	if (rc == TPM2_RC_SUCCESS)
		SAME_BYTES(out->buffer, out->size, "treasure", 8);
	return rc;
}
