/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The registrations of the APIC protocol. The first one belongs to nobody: whoever boots an
 * operating system that knows nothing of the protocol gives it back, and the hypervisor takes over.
 * An operating system that does know registers before its firmware gives the first one back.
 *
 *	1 --register--> 2 ... --deregister--> 1 --deregister--> 0, for good
 */
#include "apic/guest_apic.h"
#include "platform/inject.h"

static uint32_t count = 1; /* atomic */

/* The bound keeps the count from coming round to 0. */
bool guest_apic_register(void)
{
	uint32_t n = __atomic_load_n(&count, __ATOMIC_RELAXED);

	do
		if (!n || n == UINT32_MAX)
			return false;
	while (!__atomic_compare_exchange_n(&count, &n, n + 1, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	return true;
}

/* New vCPUs begin without emulation from then on, as the startup vCPU will go on. */
bool guest_apic_deregister(void)
{
	uint32_t n = __atomic_load_n(&count, __ATOMIC_RELAXED);

	do
		if (!n)
			return false;
	while (!__atomic_compare_exchange_n(&count, &n, n - 1, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED));
	if (n > 1)
		return true;
	vmsa_registry_drop_features(platform->inject->feature);
	return false;
}

bool guest_apic_registered(void)
{
	return __atomic_load_n(&count, __ATOMIC_SEQ_CST);
}
