/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* APM vol. 2, 16.5: an NMI goes by every form of destination. Here it is sent as a vector where the
 * destination is physical. */
#include "apic/guest_apic_state.h"

#define ICR_MODES     (7ull << 8)
#define ICR_LOGICAL   BIT(11)
#define ICR_SHORTHAND (3ull << 18)

void __real_guest_apic_send(struct guest_apic *g, uint64_t icr);
void __wrap_guest_apic_send(struct guest_apic *g, uint64_t icr);
void __wrap_guest_apic_send(struct guest_apic *g, uint64_t icr)
{
	__real_guest_apic_send(g, icr & (ICR_LOGICAL | ICR_SHORTHAND) ? icr : icr & ~ICR_MODES);
}
