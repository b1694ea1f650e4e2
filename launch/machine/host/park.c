/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Ending a run on several CPUs. One CPU wins; it sends an NMI to all others, which stand still for
 * good, and waits a while for them. A CPU that cannot be reached in that time is left alone: the
 * end must come.
 */
#include "machine/host/park.h"
#include "machine/host/lapic.h"
#include "machine/host/percpu.h"
#include "machine/host/wait.h"
#include "machine/layout.h"
#include "base/x86.h"

#define STOP_WAIT_MS 2000

static uint32_t stopper; /* CPU number + 1 of the one that ends the run */

/* Not for the CPU that ends the run: it goes on to the end. */
bool park_asked(void)
{
	uint32_t s = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);

	return s && s != host_cpu() + 1;
}

void park(void)
{
	__atomic_store_n(&percpu()->stopped, 1, __ATOMIC_RELEASE);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* CPUs that were never started are not waited for. */
static bool others_stopped(void)
{
	for (unsigned i = 0; i < HOST_MAX_CPUS; i++) {
		struct percpu *p = &percpus[i];

		if (i != host_cpu() && __atomic_load_n(&p->online, __ATOMIC_ACQUIRE) &&
		    !__atomic_load_n(&p->stopped, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

void park_others(void)
{
	uint32_t me = host_cpu() + 1, none = 0;
	struct patience p;

	if (!__atomic_compare_exchange_n(&stopper, &none, me, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		if (none == me)
			return;
		park();
	}
	if (others_stopped())
		return;
	for (unsigned i = 0; i < HOST_MAX_CPUS; i++)
		if (i != host_cpu() && __atomic_load_n(&percpus[i].online, __ATOMIC_ACQUIRE))
			lapic_nmi(percpus[i].apic_id);
	p = host_patience(STOP_WAIT_MS);
	while (!others_stopped() && !host_patience_over(&p))
		cpu_relax();
}
