/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The TPM switched off and on, and made like new, by the test protocol of this project's SVSM. */
#include "bare/lib/vtpm.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"

#define PATIENCE 300 /* seconds, generously counted */

/*
 * A call of the test protocol, which needs the same registers again while it is BUSY or INCOMPLETE.
 */
uint64_t vtpm_test(uint64_t call, struct svsm_call *c)
{
	const struct svsm_call asked = *c;
	struct patience p = smp_patience(PATIENCE);
	uint64_t rax;

	do {
		*c = asked;
		c->rax = call;
		rax = svsm_call(c);
		if (rax != SVSM_ERR_BUSY && rax != SVSM_ERR_INCOMPLETE)
			break;
		vtpm_pause();
	} while (!smp_patience_over(&p));
	return rax;
}

void vtpm_reset(void)
{
	struct svsm_call c = {0};

	REQUIRE_EQ(vtpm_test(KLST(VTPM_RESET), &c), SVSM_SUCCESS);
}

void vtpm_fresh(void)
{
	vtpm_reset();
	REQUIRE_EQ(tpm(0, "00000144 0000"), 0);
	REQUIRE_EQ(tpm(0, "00000126 4000000c @pw"), 0);
}
