/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Startup, shutdown, self tests: part 3, sections 9 and 10. */
#include "tss/tss.h"

/* ESYS takes this refusal for a success. */
static TSS2_RC startup(uint8_t type)
{
	uint8_t command[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, type};
	uint8_t response[64];
	size_t len = sizeof(response);

	return tss_raw(command, sizeof(command), response, &len);
}

TSS_TEST(startup_again, "startup-again", "a TPM that is running refuses another TPM2_Startup")
{
	FAILS(startup(TPM2_SU_CLEAR), TPM2_RC_INITIALIZE);
	FAILS(startup(TPM2_SU_STATE), TPM2_RC_INITIALIZE);
}

TSS_TEST(startup_state, "startup-shutdown", "TPM2_Shutdown saves; the TPM goes on, not orderly")
{
	TPM2B_DIGEST *random;

	OK(Esys_Shutdown(tss, NO_SESSION, TPM2_SU_STATE));
	OK(Esys_GetRandom(tss, NO_SESSION, 8, &random));
	OK(Esys_Shutdown(tss, NO_SESSION, TPM2_SU_CLEAR));
	OK(Esys_GetRandom(tss, NO_SESSION, 8, &random));
	FAILS(Esys_Shutdown(tss, NO_SESSION, 2), RC_P(TPM2_RC_VALUE, 1));
}

TSS_TEST(selftest_full, "selftest", "the full self test passes, the short one too, and says so")
{
	TPM2B_MAX_BUFFER *data;
	TPM2_RC result = TPM2_RC_FAILURE;

	OK(Esys_SelfTest(tss, NO_SESSION, TPM2_YES));
	OK(Esys_SelfTest(tss, NO_SESSION, TPM2_NO));
	OK(Esys_GetTestResult(tss, NO_SESSION, &data, &result));
	CHECK_EQ(result, TPM2_RC_SUCCESS);
}

TSS_TEST(selftest_some, "selftest-incremental", "after a full test nothing is left to be tested")
{
	TPML_ALG some = {.count = 3, .algorithms = {TPM2_ALG_SHA256, TPM2_ALG_RSA, TPM2_ALG_ECDSA}};
	TPML_ALG *todo;

	OK(Esys_SelfTest(tss, NO_SESSION, TPM2_YES));
	OK(Esys_IncrementalSelfTest(tss, NO_SESSION, &some, &todo));
	CHECK_EQ(todo->count, 0);
}
