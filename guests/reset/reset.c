/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A reset of the machine makes a new TPM. One test in two boots: in the first the host keeps the
 * TPM's state, in the second, where that file tells that it is the second, the TPM gets it back.
 */
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "bench/svsmtest.h"
#include "tss/keys.h"
#include "tss/nv.h"
#include "tss/pcr.h"

#define STATE_FILE "tpm.state"
#define FACTS_FILE "tpm.facts"

/* What must be as it was. */
struct facts {
	TPM2B_DIGEST pcr;
	TPM2B_NAME persistent, transient;
	TPM2_HANDLE loaded;
};

static const char words[] = "written before the reset";
static uint8_t state[1 << 20];

static TPM2B_NAME name_of(TPM2_HANDLE handle)
{
	TPM2B_NAME *name;
	ESYS_TR object;

	OK(Esys_TR_FromTPMPublic(tss, handle, NO_SESSION, &object));
	OK(Esys_TR_GetName(tss, object, &name));
	return *name;
}

static TPM2_HANDLE handle_of(ESYS_TR object)
{
	TPM2_HANDLE handle;

	OK(Esys_TR_GetTpmHandle(tss, object, &handle));
	return handle;
}

/* NV, a PCR, a persistent and a loaded key. */
static struct facts change_everything(void)
{
	struct key kept =
		key_primary(ESYS_TR_RH_OWNER, key_ecc(TPM2_ECC_NIST_P256, KEY_SIGN, TPM2_ALG_ECDSA),
			    key_secret(NULL, NULL, 0));
	struct key loaded = key_null(key_hmac(TPM2_ALG_SHA256));
	TPM2B_DIGEST digest = {.size = 32, .buffer = "thirty-two bytes of measurement"};
	TPML_DIGEST_VALUES values = pcr_digests(TPM2_ALG_SHA256, &digest);
	struct facts f = {.loaded = handle_of(loaded.handle)};
	ESYS_TR object;

	nv_write(nv_define(0, NV_PLAIN, sizeof(words), NULL, NULL), words, sizeof(words), 0);
	OK(Esys_EvictControl(tss, ESYS_TR_RH_OWNER, kept.handle, PASSWORD, TSS_PERSISTENT(0),
			     &object));
	OK(Esys_PCR_Extend(tss, ESYS_TR_PCR7, PASSWORD, &values));
	f.pcr = pcr_read(TPM2_ALG_SHA256, 7);
	f.persistent = name_of(TSS_PERSISTENT(0));
	f.transient = name_of(f.loaded);
	return f;
}

static void before(void)
{
	struct facts f = change_everything();
	uint32_t len = svsmtest_snapshot(state, sizeof(state));
	char answer[128];

	REQUIRE(len && external_put(STATE_FILE, state, len));
	REQUIRE(external_put(FACTS_FILE, &f, sizeof(f)));
	external_info("tpm_state_bytes", "%u", len);
	REQUIRE(external_host("reset\t", answer, sizeof(answer)));
	sync();
	reboot(RB_AUTOBOOT);
	external_fail(EXTERNAL_HERE, "the machine was not reset");
}

static void tpm_is_new(const struct facts *f)
{
	TPM2B_DIGEST pcr = pcr_read(TPM2_ALG_SHA256, 7);
	TPM2_HANDLE handle;

	CHECK(memcmp(pcr.buffer, f->pcr.buffer, f->pcr.size) != 0);
	CHECK(!tss_handles(TSS_NV(0), &handle, 1) || handle != TSS_NV(0));
	CHECK(!tss_handles(TSS_PERSISTENT(0), &handle, 1) || handle != TSS_PERSISTENT(0));
	CHECK(!tss_handles(TPM2_TRANSIENT_FIRST, &handle, 1));
}

static void tpm_is_as_it_was(const struct facts *f)
{
	TPM2B_DIGEST pcr = pcr_read(TPM2_ALG_SHA256, 7);
	TPM2B_NAME persistent = name_of(TSS_PERSISTENT(0)), transient = name_of(f->loaded);
	TPM2B_MAX_NV_BUFFER nv;
	ESYS_TR index;

	SAME(&pcr, &f->pcr);
	SAME(&persistent, &f->persistent);
	SAME(&transient, &f->transient);
	OK(Esys_TR_FromTPMPublic(tss, TSS_NV(0), NO_SESSION, &index));
	nv = nv_read(index, sizeof(words), 0);
	SAME_BYTES(nv.buffer, nv.size, words, sizeof(words));
}

static void after(uint32_t len)
{
	struct facts f;

	REQUIRE(external_get(FACTS_FILE, &f, sizeof(f)) == sizeof(f));
	tpm_is_new(&f);
	REQUIRE(svsmtest_restore(state, len));
	tpm_is_as_it_was(&f);
}

TSS_TEST(state_reset, "state-across-reset",
	 "the TPM's state, kept by the host, comes back after a reset of the machine")
{
	long len = external_get(STATE_FILE, state, sizeof(state));

	REQUIRE(svsmtest_open());
	if (len < 0)
		before();
	else
		after((uint32_t)len);
}
