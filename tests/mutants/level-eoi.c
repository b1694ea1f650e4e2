/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Draft 1.01 of 58019: a level-triggered vector of the hypervisor's ends there by SPECIFIC_EOI.
 * Here the hypervisor hears of none. */
#include "apic/guest_apic_state.h"

int __real_apic_eoi(struct vapic *a);
int __wrap_apic_eoi(struct vapic *a);
int __wrap_apic_eoi(struct vapic *a)
{
	__real_apic_eoi(a);
	return -1;
}
