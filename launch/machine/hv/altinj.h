/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The hypervisor's part in alternate injection (GHCB draft of 2025, extended interrupts; as
 * COCONUT-SVSM uses it). VMPL0 emulates the APIC of a VMPL whose VMSA has SEV_FEATURES[4]. What the
 * host's APIC of that VMPL requests, by devices, timer and IPIs, goes to VMPL0 at once, whatever
 * TPR and ISR say, since these are VMPL0's:
 *
 *   host's APIC: IRR, NMI --turn--> descriptor in VMPL0's doorbell page, its per-VMPL event bit,
 *                                   and the vector of CONFIGURE_INT_INJ in VMPL0's APIC
 *
 * Before VMPL0 has named that vector and a doorbell page, requests wait. With DISABLE_ALT_INJ the
 * host's APIC injects again, with what the descriptor holds in its IRR and ISR. On v's own CPU, out
 * of the guest.
 */
#include "machine/hv/state/state.h"

/* VMPL0 injects for the current VMPL. */
static inline bool altinj_used(const struct vcpu *v)
{
	return hv_state(v)->altinj[v->vmpl].on;
}

/* That VMPL has got a VMSA with these SEV_FEATURES. What VMPL0 has of the last one's stays its own.
 */
void altinj_reset(struct vcpu *v, unsigned vmpl, uint64_t sev_features);
/* Once a round, before it is decided what runs next: show VMPL0 what has come. */
void altinj_turn(struct vcpu *v);
/* Something waits to be shown to VMPL0. a: an APIC of v. */
bool altinj_waits(const struct vcpu *v, const struct vapic *a);
/* May something for VMPL0 still come so without any other vCPU, for all that v's APICs say now? */
bool altinj_may_come(const struct vcpu *v);
/* VMPL0's doorbell page is about to go: what it shows and nobody has taken is requested again. */
void altinj_withdraw(struct vcpu *v);

/* The three events, of VMPL0 alone. False: an input is not valid, and nothing has changed. */
bool altinj_configure(struct vcpu *v, uint64_t vector);
bool altinj_disable(struct vcpu *v, uint64_t vmpl, uint8_t tpr);
bool altinj_eoi(struct vcpu *v, uint64_t vmpl, uint8_t vector);
