/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What requests in a row are answered, for runs whose security processor fails on demand:
 * tests/integration/test_attest_svsm.py compares it with the faults that it ordered. Here every
 * answer has to be one of 58019's, and one that is no success has to have written nothing.
 */
#include "bare/attest/ask.h"

#define CALLS 8

/* Without certificates, since a host that has no room for them is asked again without. */
static void codes(bool certificates)
{
	for (unsigned i = 0; i < CALLS; i++) {
		struct ask a = ask_vtpm(0);
		char key[24] = "attest_code_0";

		key[12] = (char)('0' + i);
		if (certificates)
			ask_want_certificates(&a);
		*(uint8_t *)a.op.op.nonce.gpa = (uint8_t)i;
		ask_send(&a);
		test_info(key, "%llx", (unsigned long long)a.c.rax);
		CHECK(a.c.rax == SVSM_SUCCESS || a.c.rax == SVSM_ERR_ATTEST_NO_REPORT ||
		      (certificates && a.c.rax == SVSM_ERR_INVALID_PARAMETER));
		if (a.c.rax == SVSM_SUCCESS)
			ask_check_answer(&a);
		else
			CHECK(ask_untouched());
	}
}

TEST(plain, "codes", "eight requests in a row: what each was answered goes to the run's facts",
     "svsm:7:failed")
{
	codes(false);
}

TEST(extended, "codes-certificates", "the same with certificates", "svsm:7:failed")
{
	codes(true);
}
