/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Locks of NV indices, and who may use them: part 3, sections 31.11 to 31.15. */
#include "tss/keys.h"
#include "tss/nv.h"
#include "tss/session.h"

static const TPM2B_MAX_NV_BUFFER eight = {.size = 8, .buffer = "lockword"};

static TSS2_RC write_it(ESYS_TR index)
{
	return Esys_NV_Write(tss, index, index, PASSWORD, &eight, 0);
}

static TSS2_RC read_it(ESYS_TR index)
{
	TPM2B_MAX_NV_BUFFER *data;

	return Esys_NV_Read(tss, index, index, PASSWORD, 8, 0, &data);
}

TSS_TEST(nv_write_lock, "nv-write-lock", "a write-locked index is read, not written")
{
	ESYS_TR index = nv_define(0, NV_PLAIN | TPMA_NV_WRITE_STCLEAR, 8, NULL, NULL);

	OK(write_it(index));
	OK(Esys_NV_WriteLock(tss, index, index, PASSWORD));
	FAILS(write_it(index), TPM2_RC_NV_LOCKED);
	OK(read_it(index));
}

TSS_TEST(nv_read_lock, "nv-read-lock", "a read-locked index is written, not read")
{
	ESYS_TR index = nv_define(0, NV_PLAIN | TPMA_NV_READ_STCLEAR, 8, NULL, NULL);

	OK(write_it(index));
	OK(Esys_NV_ReadLock(tss, index, index, PASSWORD));
	FAILS(read_it(index), TPM2_RC_NV_LOCKED);
	OK(write_it(index));
}

TSS_TEST(nv_define_lock, "nv-write-define", "WRITEDEFINE locks for good; only a new index is free")
{
	ESYS_TR index = nv_define(0, NV_PLAIN | TPMA_NV_WRITEDEFINE, 8, NULL, NULL);

	OK(write_it(index));
	OK(Esys_NV_WriteLock(tss, index, index, PASSWORD));
	FAILS(write_it(index), TPM2_RC_NV_LOCKED);
	OK(Esys_NV_UndefineSpace(tss, ESYS_TR_RH_OWNER, index, PASSWORD));
	index = nv_define(0, NV_PLAIN | TPMA_NV_WRITEDEFINE, 8, NULL, NULL);
	OK(write_it(index));
}

TSS_TEST(nv_global_lock, "nv-global-lock", "a global lock takes the indices that asked for it")
{
	ESYS_TR locked = nv_define(0, NV_PLAIN | TPMA_NV_GLOBALLOCK, 8, NULL, NULL);
	ESYS_TR open = nv_define(1, NV_PLAIN, 8, NULL, NULL);

	OK(write_it(locked));
	OK(Esys_NV_GlobalWriteLock(tss, ESYS_TR_RH_OWNER, PASSWORD));
	FAILS(write_it(locked), TPM2_RC_NV_LOCKED);
	OK(write_it(open));
}

TSS_TEST(nv_no_lock, "nv-lock-refused", "an index without a lock attribute cannot be locked")
{
	ESYS_TR index = nv_define(0, NV_PLAIN, 8, NULL, NULL);

	OK(write_it(index));
	FAILS(Esys_NV_WriteLock(tss, index, index, PASSWORD), RC_H(TPM2_RC_ATTRIBUTES, 2));
	FAILS(Esys_NV_ReadLock(tss, index, index, PASSWORD), RC_H(TPM2_RC_ATTRIBUTES, 2));
}

TSS_TEST(nv_owner, "nv-owner-only", "an index for the owner refuses its own authorization")
{
	ESYS_TR index =
		nv_define(0, TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA, 8, NULL, NULL);
	TPM2B_MAX_NV_BUFFER *data;

	FAILS(write_it(index), TPM2_RC_AUTH_UNAVAILABLE);
	OK(Esys_NV_Write(tss, ESYS_TR_RH_OWNER, index, PASSWORD, &eight, 0));
	FAILS(read_it(index), TPM2_RC_AUTH_UNAVAILABLE);
	OK(Esys_NV_Read(tss, ESYS_TR_RH_OWNER, index, PASSWORD, 8, 0, &data));
	SAME(data, &eight);
}

TSS_TEST(nv_policy_delete, "nv-policy-delete", "a POLICY_DELETE index goes only by its policy")
{
	TPM2B_DIGEST policy = {0};
	TPM2B_NV_PUBLIC public = {
		.nvPublic = {.nvIndex = TSS_NV(5),
			     .nameAlg = TPM2_ALG_SHA256,
			     .attributes = TPMA_NV_PPWRITE | TPMA_NV_PPREAD | TPMA_NV_NO_DA |
					   TPMA_NV_PLATFORMCREATE | TPMA_NV_POLICY_DELETE,
			     .dataSize = 8}};
	ESYS_TR index, session;
	TPM2B_AUTH none = {0};
	uint8_t cc[] = {0, 0, 1, 0x1f}; /* TPM2_CC_NV_UndefineSpaceSpecial */

	policy_extend(&policy, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	public.nvPublic.authPolicy = policy;
	OK(Esys_NV_DefineSpace(tss, ESYS_TR_RH_PLATFORM, PASSWORD, &none, &public, &index));
	FAILS(Esys_NV_UndefineSpace(tss, ESYS_TR_RH_PLATFORM, index, PASSWORD),
	      RC_H(TPM2_RC_ATTRIBUTES, 2));
	session = session_policy();
	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_NV_UndefineSpaceSpecial));
	OK(Esys_NV_UndefineSpaceSpecial(tss, index, ESYS_TR_RH_PLATFORM, session, ESYS_TR_PASSWORD,
					ESYS_TR_NONE));
}
