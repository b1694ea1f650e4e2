/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SNP Run VMPL: the VMPL that asks waits in VMGEXIT until another one asks for it. */
#include "machine/hv/ap.h"
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state/state.h"
#include "abi/ghcb.h"

static void run_vmpl(struct ghcb_call *c)
{
	/* Success is written first: once switched, this VMPL's page may change under us. */
	ghcb_answer(c);
	if (!ap_run_vmpl(c->v, (unsigned)MIN(c->info1, (uint64_t)VMPL_COUNT))) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		ghcb_answer(c);
	}
}

NAE_HANDLER(nae_run_vmpl) = {
	.code = GHCB_EXIT_RUN_VMPL,
	.run = run_vmpl,
	.features = GHCB_HV_FEAT_MULTI_VMPL,
	.stat = STAT_RUN_VMPL,
};
