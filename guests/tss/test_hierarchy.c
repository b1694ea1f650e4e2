/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Hierarchies: closed, opened, authorized, cleared. Part 3, section 24. */
#include <string.h>

#include "tss/crypto.h"
#include "tss/ek.h"
#include "tss/nv.h"
#include "tss/session.h"

static TSS2_RC set_auth(ESYS_TR hierarchy, const char *text)
{
	TPM2B_AUTH auth;

	tss_auth(&auth, text);
	return Esys_HierarchyChangeAuth(tss, hierarchy, PASSWORD, &auth);
}

static TSS2_RC try_primary(ESYS_TR hierarchy)
{
	TPM2B_PUBLIC tmpl = key_ecc(TPM2_ECC_NIST_P256, KEY_STORAGE, TPM2_ALG_NULL);

	return key_try_primary(hierarchy, &tmpl);
}

TSS_TEST(hierarchy_auth, "hierarchy-auth",
	 "an owner authorization is asked for, and taken off again")
{
	TPM2B_AUTH none = {0};

	OK(set_auth(ESYS_TR_RH_OWNER, "owner"));
	CHECK(tss_property(TPM2_PT_PERMANENT) & TPMA_PERMANENT_OWNERAUTHSET);
	OK(Esys_TR_SetAuth(tss, ESYS_TR_RH_OWNER, &none));
	FAILS(try_primary(ESYS_TR_RH_OWNER), RC_S(TPM2_RC_BAD_AUTH, 1));
	OK(try_primary(ESYS_TR_RH_ENDORSEMENT));
	tss_auth(&none, "owner");
	OK(Esys_TR_SetAuth(tss, ESYS_TR_RH_OWNER, &none));
	OK(try_primary(ESYS_TR_RH_OWNER));
	OK(set_auth(ESYS_TR_RH_OWNER, ""));
	CHECK(!(tss_property(TPM2_PT_PERMANENT) & TPMA_PERMANENT_OWNERAUTHSET));
}

TSS_TEST(hierarchy_off, "hierarchy-control", "a closed hierarchy makes no keys; platform opens it")
{
	struct key k = key_parent();
	TPM2B_NAME *name, *qualified;
	TPM2B_PUBLIC *public;

	OK(Esys_HierarchyControl(tss, ESYS_TR_RH_OWNER, PASSWORD, ESYS_TR_RH_OWNER, TPM2_NO));
	CHECK(!(tss_property(TPM2_PT_STARTUP_CLEAR) & TPMA_STARTUP_CLEAR_SHENABLE));
	FAILS(try_primary(ESYS_TR_RH_OWNER), RC_H(TPM2_RC_HIERARCHY, 1));
	/* Its loaded objects are flushed. */
	FAILS(Esys_ReadPublic(tss, k.handle, NO_SESSION, &public, &name, &qualified),
	      TPM2_RC_REFERENCE_H0);
	FAILS(Esys_HierarchyControl(tss, ESYS_TR_RH_OWNER, PASSWORD, ESYS_TR_RH_OWNER, TPM2_YES),
	      RC_H(TPM2_RC_HIERARCHY, 1));
	OK(Esys_HierarchyControl(tss, ESYS_TR_RH_PLATFORM, PASSWORD, ESYS_TR_RH_OWNER, TPM2_YES));
	OK(try_primary(ESYS_TR_RH_OWNER));
}

TSS_TEST(hierarchy_policy, "hierarchy-policy", "a hierarchy's policy authorizes it")
{
	TPM2B_DIGEST policy = {0}, none = {0};
	ESYS_TR session = session_policy();
	uint8_t cc[] = {0, 0, 1, 0x28}; /* TPM2_CC_ClockSet */
	TPMS_TIME_INFO *now;

	policy_extend(&policy, TPM2_CC_PolicyCommandCode, cc, sizeof(cc));
	OK(Esys_SetPrimaryPolicy(tss, ESYS_TR_RH_OWNER, PASSWORD, &policy, TPM2_ALG_SHA256));
	OK(Esys_PolicyCommandCode(tss, session, NO_SESSION, TPM2_CC_ClockSet));
	OK(Esys_ReadClock(tss, NO_SESSION, &now));
	OK(Esys_ClockSet(tss, ESYS_TR_RH_OWNER, BY(session), now->clockInfo.clock + 1000));
	OK(Esys_SetPrimaryPolicy(tss, ESYS_TR_RH_OWNER, PASSWORD, &none, TPM2_ALG_NULL));
}

TSS_TEST(clear_owner, "clear", "Clear ends the owner's keys, indices and authorizations")
{
	struct key before = key_parent(), after;
	TPM2B_NAME old = key_name(before.public), new;
	TPM2B_AUTH none = {0};
	TPM2_HANDLE handle;

	nv_define(0, NV_PLAIN, 8, NULL, NULL);
	OK(set_auth(ESYS_TR_RH_OWNER, "owner"));
	OK(set_auth(ESYS_TR_RH_ENDORSEMENT, "endorsement"));
	OK(Esys_Clear(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
	CHECK_EQ(tss_property(TPM2_PT_PERMANENT) &
			 (TPMA_PERMANENT_OWNERAUTHSET | TPMA_PERMANENT_ENDORSEMENTAUTHSET),
		 0);
	CHECK_EQ(tss_handles(TPM2_TRANSIENT_FIRST, &handle, 1), 0);
	CHECK(tss_handles(TSS_NV(0), &handle, 1) == 0 || handle != TSS_NV(0));
	OK(Esys_TR_SetAuth(tss, ESYS_TR_RH_OWNER, &none));
	after = key_parent();
	new = key_name(after.public);
	CHECK(memcmp(old.name, new.name, new.size) != 0); /* another storage seed */
}

TSS_TEST(clear_control, "clear-control",
	 "with clearing disabled only the platform enables it again")
{
	OK(Esys_ClearControl(tss, ESYS_TR_RH_LOCKOUT, PASSWORD, TPM2_YES));
	CHECK(tss_property(TPM2_PT_PERMANENT) & TPMA_PERMANENT_DISABLECLEAR);
	FAILS(Esys_Clear(tss, ESYS_TR_RH_LOCKOUT, PASSWORD), TPM2_RC_DISABLED);
	FAILS(Esys_Clear(tss, ESYS_TR_RH_PLATFORM, PASSWORD), TPM2_RC_DISABLED);
	FAILS(Esys_ClearControl(tss, ESYS_TR_RH_LOCKOUT, PASSWORD, TPM2_NO), TPM2_RC_AUTH_FAIL);
	OK(Esys_ClearControl(tss, ESYS_TR_RH_PLATFORM, PASSWORD, TPM2_NO));
	OK(Esys_Clear(tss, ESYS_TR_RH_LOCKOUT, PASSWORD));
}

TSS_TEST(clear_owner_refused, "clear-refused", "the owner may not clear")
{
	FAILS(Esys_Clear(tss, ESYS_TR_RH_OWNER, PASSWORD), RC_H(TPM2_RC_VALUE, 1));
}
