/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/hv/vmpl.h"
#include "machine/hv/ghcb/ghcb.h"
#include "machine/hv/state.h"
#include "machine/snp/vmsa_attach.h"

bool vmpl_run(struct vcpu *v, unsigned vmpl)
{
	if (vmpl >= VMPL_COUNT || gpa_eq(v->ctx[vmpl].vmsa, GPA_NONE))
		return false;
	if (!machine_switch(v, vmpl))
		return false;
	hv_state(v)->fresh &= ~(1u << vmpl);
	/* A VMPL asked for by name goes on behind its HLT. */
	v->ctx[vmpl].halted = false;
	return true;
}

void nae_run_vmpl(struct ghcb_call *c)
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
