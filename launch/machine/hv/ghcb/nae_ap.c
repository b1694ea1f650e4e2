/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* AP creation and AP reset hold: the events of hv/ap.c. */
#include "machine/cpu/vcpu.h"
#include "machine/hv/ap.h"
#include "machine/hv/ghcb/nae.h"
#include "abi/ghcb.h"

/* AP_CREATION: info1 names vCPU, VMPL and operation, info2 the VMSA, RAX its SEV_FEATURES. */
static void creation(struct ghcb_call *c)
{
	struct vcpu *target = machine_vcpu_by_apic_id(c->info1 >> 32);
	struct ap_request r = {
		.op = MIN(c->info1 & 0xffff, 0xff),
		.vmpl = MIN(c->info1 >> 16 & 0xffff, 0xff),
		.vmsa = gpa(c->info2),
		.features = c->rax,
	};

	if (r.op != GHCB_AP_DESTROY && !ghcb_needs_met(c, NEED_RAX))
		ghcb_fail(c, GHCB_ERR_MISSING_INPUT);
	else if (!ap_change(c->v, target, &r))
		ghcb_fail(c, GHCB_ERR_INVALID_INPUT);
}

/* AP reset hold: answered now, and info2 becomes 1 when the SIPI comes. */
static void hold(struct ghcb_call *c)
{
	ghcb_answer(c);
	ap_hold(c->v, c->gpa);
}

NAE_HANDLER(nae_ap_creation) = {
	.code = GHCB_EXIT_AP_CREATION,
	.run = creation,
	.features = GHCB_HV_FEAT_AP_CREATION,
	.stat = STAT_AP_CREATION,
};

NAE_HANDLER(nae_ap_hold) = {
	.code = GHCB_EXIT_AP_HLT_LOOP,
	.run = hold,
	.stat = STAT_OTHER,
};
