/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * VMPL0's own interrupts and NMIs have it run again while a lower VMPL is current. What the page
 * shows already is no reason: VMPL0 was told of it, and a VMPL0 that does not take it would keep
 * the lower VMPL from running for ever.
 */
#include "machine/hv/preempt.h"
#include "machine/hv/altinj.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/irq.h"
#include "machine/hv/state/state.h"
#include "machine/hv/vmpl.h"
#include "abi/vmsa.h"

/* A VMPL0 in AP reset hold waits for a SIPI and for nothing else. */
static bool listens(const struct vcpu *v)
{
	const struct vmpl_ctx *c = &v->ctx[VMPL_SVSM];

	return v->vmpl != VMPL_SVSM && (c->sev_features & SEV_FEAT_RESTRICTED_INJ) &&
	       !gpa_eq(c->vmsa, GPA_NONE) && !hv_state(v)->reset_hold[VMPL_SVSM];
}

void preempt_serve(struct vcpu *v)
{
	struct hv_vcpu *h = hv_state(v);
	unsigned lower = v->vmpl;

	if (!listens(v) || !doorbell_has_news(v, VMPL_SVSM))
		return;
	if (!vmpl_run(v, VMPL_SVSM))
		return; /* another vCPU has spoilt the VMSA or holds it: the next round tries again
			 */
	h->count[lower][STAT_PREEMPTED]++;
	h->stays_halted[lower] = h->halted[lower];
}

bool preempt_may_come(struct vcpu *v)
{
	const struct vapic *a = &hv_state(v)->apic[VMPL_SVSM];

	return listens(v) && !gpa_eq(hv_state(v)->doorbell[VMPL_SVSM].page, GPA_NONE) &&
	       (a->deadline || irq_devices_ring(v, VMPL_SVSM) || altinj_may_come(v));
}
