/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Seal under a policy alone; open with a session. */
#include "tss/sealed.h"

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

TSS2_RC sealed_open(const struct key *k, ESYS_TR session)
{
	TPM2B_SENSITIVE_DATA *out;
	TSS2_RC rc = Esys_Unseal(tss, k->handle, BY(session), &out);

	if (rc == TPM2_RC_SUCCESS)
		SAME_BYTES(out->buffer, out->size, "treasure", 8);
	return rc;
}
