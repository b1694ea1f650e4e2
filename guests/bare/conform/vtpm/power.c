/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The TPM of an SVSM that nobody can make switch it off and on: firmware starts it once, and
 * TPM2_Clear is as near as it comes to a new one. Counterpart of lib/vtpm_power.c.
 */
#include "bare/lib/test.h"
#include "bare/lib/vtpm.h"

void vtpm_fresh(void)
{
	uint32_t code = tpm(0, "00000144 0000"); /* INITIALIZE: it is started already */

	if (code != TPM_RC_INITIALIZE)
		REQUIRE_EQ(code, 0);
	REQUIRE_EQ(tpm(0, "00000126 4000000c @pw"), 0);
}

void vtpm_reset(void)
{
	test_skip("only a reset of the machine resets this TPM");
}

/* There is no such protocol. */
uint64_t vtpm_test(uint64_t call, struct svsm_call *c)
{
	(void)call;
	(void)c;
	return SVSM_ERR_UNSUPPORTED_PROTOCOL;
}
