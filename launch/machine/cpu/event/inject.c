/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Interrupts, NMIs and #HV into the current VMPL, and the window that tells when it can take one.
 * All of it acts on the VMCB of a vCPU that is not in its guest.
 */
#include "machine/cpu/event/inject.h"
#include "machine/cpu/event/deliver.h"
#include "machine/cpu/event/event.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/log.h"
#include "abi/vmsa.h"
#include "base/x86.h"

bool machine_restricted(struct vcpu *v)
{
	return vcpu_ctx(v)->sev_features & SEV_FEAT_RESTRICTED_INJ;
}

static void refused(struct vcpu *v, uint64_t event)
{
	if (!v->refused_events++)
		host_log("vcpu%u: VMRUN refuses the event 0x%llx: restricted injection", v->index,
			 (unsigned long long)event);
}

uint64_t machine_event(const struct vcpu *v)
{
	return v->ctx[v->vmpl].vmcb->event_inj;
}

void machine_restrict(struct vcpu *v, uint64_t before)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;
	uint64_t event = m->event_inj;

	if (machine_alternate(v))
		m->event_inj = before;
	if (!machine_restricted(v) || event == before || !(event & EVENT_VALID) ||
	    (event & (EVENT_TYPE_MASK | EVENT_VECTOR)) == (EVENT_EXCEPTION | VEC_HV))
		return;
	m->event_inj = before;
	refused(v, event);
}

/* An NMI does not wait for an interrupt shadow: QEMU keeps the shadow's flag through PAUSE, so a
 * vCPU that spins with interrupts off could stay in one for ever. */
bool machine_can_inject_nmi(struct vcpu *v)
{
	return !(vcpu_ctx(v)->vmcb->event_inj & EVENT_VALID);
}

/* An interrupt shadow lasts one instruction: the next exit asks again. */
bool machine_can_inject(struct vcpu *v)
{
	const struct vmcb *m = vcpu_ctx(v)->vmcb;

	return machine_can_inject_nmi(v) && !(m->int_state & VMCB_INT_SHADOW) &&
	       (m->rflags & RFLAGS_IF);
}

/*
 * Delivers by hand where that is possible, because QEMU may deliver an injected interrupt twice
 * (deliver.c).
 */
void machine_inject(struct vcpu *v, uint8_t vector)
{
	if (machine_alternate(v))
		return;
	if (machine_restricted(v))
		refused(v, EVENT_VALID | EVENT_INTR | vector);
	else if (!deliver_interrupt(v, vector))
		vcpu_ctx(v)->vmcb->event_inj = EVENT_VALID | EVENT_INTR | vector;
}

void machine_inject_nmi(struct vcpu *v)
{
	uint64_t before = vcpu_ctx(v)->vmcb->event_inj;

	vcpu_ctx(v)->vmcb->event_inj = EVENT_VALID | EVENT_NMI | VEC_NMI;
	machine_restrict(v, before);
}

bool machine_inject_hv(struct vcpu *v)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;

	if ((m->event_inj & EVENT_VALID) || machine_alternate(v))
		return false;
	event_exception(m, VEC_HV, 0);
	return true;
}

/* The window is a virtual interrupt that is intercepted: it comes due when the guest would take
 * one, whatever its TPR. */
void machine_want_window(struct vcpu *v, bool on)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;

	if (on) {
		m->int_ctl |= (uint32_t)(VMCB_V_IRQ | VMCB_V_IGN_TPR);
		m->intercept3 |= VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	} else {
		m->int_ctl &= (uint32_t) ~(VMCB_V_IRQ | VMCB_V_IGN_TPR);
		m->intercept3 &= ~VMCB_INTERCEPT3(SVM_EXIT_VINTR);
	}
}

void machine_set_tpr(struct vcpu *v, uint8_t tpr)
{
	struct vmcb *m = vcpu_ctx(v)->vmcb;

	m->int_ctl = (m->int_ctl & ~(uint32_t)VMCB_V_TPR_MASK) | (tpr & VMCB_V_TPR_MASK);
}
