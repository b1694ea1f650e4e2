/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* After a test: nothing that it loaded, started or defined stays in the TPM. */
#include <string.h>

#include "tss/tss.h"

static void flush(TPM2_HANDLE handle)
{
	uint32_t command[] = {0, __builtin_bswap32(14), __builtin_bswap32(TPM2_CC_FlushContext),
			      __builtin_bswap32(handle)};
	uint8_t *tag = (uint8_t *)command + 2, response[64];
	size_t len = sizeof(response);

	tag[0] = TPM2_ST_NO_SESSIONS >> 8;
	tag[1] = TPM2_ST_NO_SESSIONS & 0xff;
	OK(tss_raw(tag, 14, response, &len));
}

static void flush_all(TPM2_HANDLE first)
{
	TPM2_HANDLE handles[64];
	unsigned count = tss_handles(first, handles, ARRAY_LEN(handles));

	for (unsigned i = 0; i < count; i++)
		flush(handles[i]);
}

static void undefine(TPM2_HANDLE handle)
{
	ESYS_TR index;

	OK(Esys_TR_FromTPMPublic(tss, handle, NO_SESSION, &index));
	OK(Esys_NV_UndefineSpace(tss, ESYS_TR_RH_OWNER, index, PASSWORD));
}

static void evict(TPM2_HANDLE handle)
{
	ESYS_TR object, none;

	OK(Esys_TR_FromTPMPublic(tss, handle, NO_SESSION, &object));
	OK(Esys_EvictControl(tss, ESYS_TR_RH_OWNER, object, PASSWORD, handle, &none));
}

static void remove_ours(TPM2_HANDLE first, unsigned span, void (*remove_one)(TPM2_HANDLE))
{
	TPM2_HANDLE handles[TSS_NV_COUNT];
	unsigned count = tss_handles(first, handles, ARRAY_LEN(handles));

	for (unsigned i = 0; i < count && handles[i] < first + span; i++)
		remove_one(handles[i]);
}

/* A test that stopped half way may have left a hierarchy closed or with an authorization. */
static void reopen(void)
{
	const TPMA_STARTUP_CLEAR all = TPMA_STARTUP_CLEAR_SHENABLE | TPMA_STARTUP_CLEAR_EHENABLE;
	const TPMA_PERMANENT auths = TPMA_PERMANENT_OWNERAUTHSET | TPMA_PERMANENT_LOCKOUTAUTHSET |
				     TPMA_PERMANENT_ENDORSEMENTAUTHSET |
				     TPMA_PERMANENT_DISABLECLEAR;
	const ESYS_TR platform = ESYS_TR_RH_PLATFORM;

	if ((tss_property(TPM2_PT_STARTUP_CLEAR) & all) != all) {
		OK(Esys_HierarchyControl(tss, platform, PASSWORD, ESYS_TR_RH_OWNER, TPM2_YES));
		OK(Esys_HierarchyControl(tss, platform, PASSWORD, ESYS_TR_RH_ENDORSEMENT,
					 TPM2_YES));
	}
	if (tss_property(TPM2_PT_PERMANENT) & auths) {
		OK(Esys_ClearControl(tss, platform, PASSWORD, TPM2_NO));
		OK(Esys_Clear(tss, platform, PASSWORD));
	}
}

void tss_clean_up(void)
{
	reopen();
	flush_all(TPM2_TRANSIENT_FIRST);
	flush_all(TPM2_LOADED_SESSION_FIRST);
	flush_all(TPM2_ACTIVE_SESSION_FIRST);
	OK(Esys_DictionaryAttackLockReset(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
	remove_ours(TSS_NV(0), TSS_NV_COUNT, undefine);
	remove_ours(TSS_PERSISTENT(0), TSS_NV_COUNT, evict);
}
