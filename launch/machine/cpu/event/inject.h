/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Host interrupts into the guest, with the current VMPL, outside machine_run. Under restricted
 * injection VMRUN refuses every event of the hypervisor's but #HV (APM vol. 2, 15.36.16). A
 * hypervisor that wants to go on then runs the guest without the event, so it is dropped here, with
 * a line in the log for the first one of each vCPU.
 */
#include "machine/cpu/vcpu.h"
#include "abi/vmsa.h"

bool machine_restricted(struct vcpu *v); /* the current VMPL takes #HV and nothing else */
/* Alternate injection: the current VMPL takes what its VMSA says (vintr.h), and whatever is
 * injected here is ignored. */
static inline bool machine_alternate(const struct vcpu *v)
{
	return v->ctx[v->vmpl].sev_features & SEV_FEAT_ALTERNATE_INJ;
}
bool machine_can_inject(struct vcpu *v);     /* IF=1, no shadow, no event pending */
bool machine_can_inject_nmi(struct vcpu *v); /* no event pending */
void machine_inject(struct vcpu *v, uint8_t vector);
void machine_inject_nmi(struct vcpu *v);
/* #HV, whatever RFLAGS.IF and the interrupt shadow say. False when an event is on its way already.
 */
bool machine_inject_hv(struct vcpu *v);
/* For what puts an event into the VMCB by itself: `before` is EVENTINJ as it was. */
uint64_t machine_event(const struct vcpu *v);
void machine_restrict(struct vcpu *v, uint64_t before);
void machine_want_window(struct vcpu *v, bool on); /* MACHINE_WINDOW when it can take one */
void machine_set_tpr(struct vcpu *v, uint8_t tpr); /* what CR8 reads: 0..15 */
