/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * KVM's paravirtual EOI. The rules are KVM's (Linux 6.12, arch/x86/kvm/lapic.c,
 * kvm_lapic_set_pv_eoi(), apic_sync_pv_eoi_to_guest() and apic_sync_pv_eoi_from_guest()): an EOI
 * that nobody waits for needs no exit. Somebody waits when another vector is requested or in
 * service, which this EOI may let through, or when the vector is level-triggered, because the
 * IOAPIC has to hear of it.
 */
#include "lib/vapic/vapic.h"

bool apic_pv_eoi_write(struct vapic *a, uint64_t value)
{
	if (!IS_ALIGNED(value & ~APIC_PV_EOI_ENABLE, 4))
		return false;
	a->pv_eoi = value;
	return true;
}

bool apic_pv_eoi_due(const struct vapic *a)
{
	return (a->pv_eoi & APIC_PV_EOI_ENABLE) && apic_alone(a) >= 0;
}

void apic_pv_eoi_offer(struct vapic *a, uint8_t *byte)
{
	if (!byte || !apic_pv_eoi_due(a))
		return;
	WRITE_ONCE(*byte, 1);
	a->pv_offered = true;
}

/* The byte is the guest's, so it may hold anything: bit 0 alone counts. */
bool apic_pv_eoi_sync(struct vapic *a, uint8_t *byte)
{
	bool made = a->pv_offered && byte && !(READ_ONCE(*byte) & 1);

	if (a->pv_offered && byte)
		WRITE_ONCE(*byte, 0);
	a->pv_offered = false;
	if (made)
		apic_write(a, APIC_EOI, 0);
	return made;
}
