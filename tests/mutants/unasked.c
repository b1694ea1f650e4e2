/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Draft 1.01 of 58019, CONFIGURE_VECTOR: the hypervisor raises what the guest has allowed. Here it
 * raises anything. */
#include "apic/guest_apic_state.h"
#include "lib/string.h"

void __real_guest_apic_take_host(struct guest_apic *g, unsigned vmpl);
void __wrap_guest_apic_take_host(struct guest_apic *g, unsigned vmpl);
void __wrap_guest_apic_take_host(struct guest_apic *g, unsigned vmpl)
{
	memset(g->allowed, 0xff, sizeof(g->allowed));
	__real_guest_apic_take_host(g, vmpl);
}
