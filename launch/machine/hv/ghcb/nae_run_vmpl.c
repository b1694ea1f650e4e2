/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SNP Run VMPL: the VMPL that asks waits in VMGEXIT until another one asks for it. */
#include "machine/hv/ghcb/nae.h"
#include "machine/hv/state.h"
#include "machine/hv/vmpl.h"
#include "abi/ghcb.h"

static void run_vmpl(struct ghcb_call *c)
{
	/* Success is written first: once switched, this VMPL's page may change under us. */
	if (c->info1 >= VMPL_COUNT || gpa_eq(c->v->ctx[c->info1].vmsa, GPA_NONE)) {
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
		return;
	}
	ghcb_answer(c);
	if (!vmpl_run(c->v, c->info1)) {
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
