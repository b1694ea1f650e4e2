/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "base/x86.h"
#include "host.h"
#include "tlb.h"
#include "vmcb.h"

#define KICK_AGAIN                                                                                 \
	200000u /* spins: QEMU may lose an interrupt (facts: unlocked interrupt_request) */
#define KICK_TRIES 2000u

static uint64_t generation;

static bool stale(struct vcpu *v, uint64_t gen)
{
	return __atomic_load_n(&v->in_guest, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&v->flush_seen, __ATOMIC_SEQ_CST) < gen;
}

static void wait_for(struct vcpu *v, uint64_t gen)
{
	for (unsigned tries = 0; tries < KICK_TRIES; tries++) {
		host_kick(v->index + 1);
		for (unsigned i = 0; i < KICK_AGAIN; i++) {
			if (!stale(v, gen))
				return;
			cpu_relax();
		}
	}
	host_fault("CPU %u does not leave its guest for a TLB flush", v->index + 1);
}

void tlb_flush_others(void)
{
	uint64_t gen = __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
	unsigned me = host_cpu();

	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (i + 1 != me && stale(machine_vcpus[i], gen))
			wait_for(machine_vcpus[i], gen);
}

void machine_flush_all(void)
{
	tlb_flush_others();
}

void tlb_enter(struct vcpu *v, struct vmcb *vmcb)
{
	uint64_t gen;

	/* in_guest first: a flush that comes after our load of the generation must see it */
	__atomic_store_n(&v->in_guest, 1, __ATOMIC_SEQ_CST);
	gen = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
	vmcb->tlb_ctl = v->flush_seen == gen ? 0 : VMCB_TLB_FLUSH_ALL;
	__atomic_store_n(&v->flush_seen, gen, __ATOMIC_SEQ_CST);
}

void tlb_leave(struct vcpu *v)
{
	__atomic_store_n(&v->in_guest, 0, __ATOMIC_SEQ_CST);
}
