/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/cpu/exec/inject.h"
#include "machine/cpu/vcpu.h"
#include "machine/dev/kvmclock.h"
#include "machine/host/isr.h"
#include "machine/host/mem/pool.h"
#include "machine/host/time.h"
#include "machine/hv/doorbell.h"
#include "machine/hv/run.h"
#include "machine/hv/stop.h"
#include "machine/layout.h"
#include "base/x86.h"

#define PERIOD_MS   1000
#define DEAD_ROUNDS 3 /* a vCPU between two halts looks dead for an instant: ask several times */

struct hv_vcpu *hv_states[HOST_MAX_CPUS];

void hv_init(void)
{
	unsigned i, vmpl;

	kvmclock_init();
	for (i = 0; i < machine_vcpu_count; i++) {
		struct vcpu *v = machine_vcpus[i];
		struct hv_vcpu *h = host_pages_alloc((sizeof(*h) + PAGE_MASK) / PAGE_SIZE);

		h->v = v;
		for (vmpl = 0; vmpl < VMPL_COUNT; vmpl++) {
			apic_reset(&h->apic[vmpl], v->apic_id, vmpl, i == 0);
			h->hold_ghcb[vmpl] = GPA_NONE;
			doorbell_reset(&h->doorbell[vmpl]);
			v->ctx[vmpl].ghcb_registered = GPA_NONE;
		}
		hv_states[i] = h;
	}
}

bool run_is_dead(struct vcpu *v)
{
	struct vmpl_ctx *ctx = vcpu_ctx(v);

	if (gpa_eq(ctx->vmsa, GPA_NONE) || ctx->reset_hold)
		return true;
	return ctx->halted && !machine_can_inject(v);
}

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
