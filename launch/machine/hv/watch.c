/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* CPU 0, which runs no guest, looks once a second whether any vCPU can still move. */
#include "machine/hv/watch.h"
#include "machine/cpu/vcpu.h"
#include "machine/host/isr.h"
#include "machine/host/time.h"
#include "machine/hv/state.h"
#include "machine/hv/stop.h"
#include "base/x86.h"

#define PERIOD_MS   1000
#define DEAD_ROUNDS 3 /* a vCPU between two halts looks dead for an instant: ask several times */

/* Each flag is its vCPU's own; a look at all of them is no snapshot, so one look proves nothing. */
static bool all_dead(void)
{
	unsigned i;

	for (i = 0; i < machine_vcpu_count; i++)
		if (!__atomic_load_n(&hv_states[i]->dead, __ATOMIC_RELAXED))
			return false;
	return true;
}

/* A guest whose every vCPU halted with interrupts off will never move again: say so at once
 * instead of leaving it to a time-out. */
NORETURN void hv_service_main(void)
{
	unsigned rounds = 0;

	for (;;) {
		host_timer_arm(rdtsc() + host_tsc_khz() * PERIOD_MS);
		host_halt();
		rounds = all_dead() ? rounds + 1 : 0;
		if (rounds >= DEAD_ROUNDS)
			stop_vmpl(machine_vcpus[0], "halted for good: every vCPU waits with "
						    "interrupts off");
	}
}
