/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Restricted injection: a VMPL whose VMSA has SEV_FEATURES[3] takes no interrupt and no NMI, only
 * #HV, and finds in its doorbell page what is pending: GHCB (56421), #HV Doorbell Page; APM vol. 2,
 * 15.36.16. Everything here is for the current VMPL, on v's own CPU, out of the guest.
 *
 *   APIC: IRR --post--> doorbell page --guest takes it--> ISR --EOI-->
 *          ^------ a more urgent one ------'
 *
 * A vector in the page is replaced by a more urgent one without another #HV. When nothing else
 * waits, NoEoiRequired is set beside it, and the guest's clearing that is the EOI.
 */
#include "machine/hv/state/state.h"
#include "abi/doorbell.h"
#include "abi/vmsa.h"

static inline bool doorbell_used(struct vcpu *v)
{
	return vcpu_ctx(v)->sev_features & SEV_FEAT_RESTRICTED_INJ;
}

/* Before anything looks at or changes the APIC: move what the guest took to ISR. */
void doorbell_sync(struct vcpu *v);
/* Called instead of irq_deliver()'s injection when the VMPL has a doorbell page. */
void doorbell_deliver(struct vcpu *v);
/* Would an event end the current VMPL's HLT? */
bool doorbell_wakes(struct vcpu *v);
/* That VMPL, which need not be current, has something to take that its page does not show yet: a
 * vector more urgent than the one there, or an NMI. */
bool doorbell_has_news(struct vcpu *v, unsigned vmpl);
/* The page has to show something else, NoEoiRequired included, before the guest goes on. */
bool doorbell_waits(struct vcpu *v);
/* The current VMPL's page; GPA_NONE: not set. */
gpa_t doorbell_page(struct vcpu *v);
/* That VMPL's page as it is now, NULL when it has none that is shared memory. Between
 * tlb_write_begin() and tlb_write_end(). */
struct hv_doorbell *doorbell_shown(struct vcpu *v, unsigned vmpl);
/* Another page. False when it is no shared page: then there is none. */
bool doorbell_set(struct vcpu *v, gpa_t g);
void doorbell_clear(struct vcpu *v);
/* The VMPL whose APIC is a gets a new VMSA: there is no page, and a vector that was shown and not
 * taken is requested again. */
void doorbell_reset(struct hv_doorbell_state *d, struct vapic *a);
