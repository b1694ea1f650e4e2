/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * TLB flushes of other CPUs, without an instruction that makes them. A generation counts the
 * changes that took a right away. A CPU notes it right before VMRUN. The CPU that makes
 * a change waits until no CPU runs a guest that entered before the change. A CPU flushes at its
 * next VMRUN, so it is enough that it leaves its guest.
 */
#include "machine/cpu/tlb.h"
#include "machine/cpu/cpuset.h"
#include "machine/cpu/seen.h"
#include "machine/cpu/vmcb.h"
#include "machine/host/isr.h"
#include "machine/host/percpu.h"
#include "machine/host/smp.h"
#include "machine/host/wait.h"
#include "machine/host_assert.h"
#include "base/x86.h"
#include "lib/spinlock.h"

/*
 * A waiter spins as long as a kick usually takes, then sleeps until the other CPU has left its
 * guest: on a loaded host a spinning CPU keeps the very thread from running that it waits for. The
 * nap is short, because QEMU may lose a kick; then it is repeated.
 */
#define SPIN_US 150
#define NAP_US  1000
#define WAIT_MS 20000 /* then the other CPU's QEMU thread is gone */

static struct cpuset waiters; /* CPUs that sleep in wait_for */

static uint64_t generation;

/* The vCPU is in its guest, and entered it before that generation. */
static bool stale(struct vcpu *v, uint64_t gen)
{
	return __atomic_load_n(&v->in_guest, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&v->flush_seen, __ATOMIC_SEQ_CST) < gen;
}

/* True when it has left its guest within the time that this usually takes. */
static bool spin(struct vcpu *v, uint64_t gen)
{
	uint64_t start = rdtsc();

	while (rdtsc() - start < host_tsc_khz() * SPIN_US / 1000) {
		if (!stale(v, gen))
			return true;
		cpu_relax();
	}
	return false;
}

static void wait_for(struct vcpu *v, uint64_t gen)
{
	struct patience p = host_patience(WAIT_MS);

	host_kick(vcpu_cpu(v));
	if (spin(v, gen))
		return;
	cpuset_add(&waiters, host_cpu());
	machine_vcpus[host_cpu() - 1]->napped = true;
	while (stale(v, gen)) {
		if (host_patience_over(&p))
			host_fault("CPU %u does not leave its guest for a TLB flush: %s",
				   v->index + 1, seen(v).text);
		host_nap(host_tsc_khz() * NAP_US / 1000);
		host_kick(vcpu_cpu(v));
	}
	cpuset_remove(&waiters, host_cpu());
}

void tlb_flush_others(void)
{
	uint64_t gen = __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
	unsigned me = host_cpu();

	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (i + 1 != me && stale(machine_vcpus[i], gen))
			wait_for(machine_vcpus[i], gen);
}

/*
 * The word says that the flush is made, although the VMRUN that makes it is still to come: no
 * instruction of the guest lies in between. When another CPU writes 0 once more meanwhile, this
 * same VMRUN serves it.
 */
static bool forced(struct vcpu *v, uint64_t *word)
{
	if (READ_ONCE(*word))
		return false;
	WRITE_ONCE(*word, vcpu_cpu(v));
	v->forced_flushes++;
	return true;
}

void tlb_enter(struct vcpu *v, struct vmcb *vmcb, uint64_t *word)
{
	uint64_t gen;

	/* in_guest first: a flush that comes after our load of the generation must see it */
	__atomic_store_n(&v->in_guest, 1, __ATOMIC_SEQ_CST);
	gen = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
	vmcb->tlb_ctl = forced(v, word) || v->flush_seen != gen ? VMCB_TLB_FLUSH_ALL : 0;
	__atomic_store_n(&v->flush_seen, gen, __ATOMIC_SEQ_CST);
}

void tlb_leave(struct vcpu *v)
{
	__atomic_store_n(&v->in_guest, 0, __ATOMIC_SEQ_CST);
	for (unsigned i = cpuset_next(&waiters, 0); i < HOST_MAX_CPUS;
	     i = cpuset_next(&waiters, i + 1))
		host_kick(i);
}

void tlb_write_begin(struct vcpu *v)
{
	if (!v->write_depth++)
		__atomic_fetch_add(&v->writes, 1, __ATOMIC_SEQ_CST);
}

void tlb_write_end(struct vcpu *v)
{
	if (!--v->write_depth)
		__atomic_fetch_add(&v->writes, 1, __ATOMIC_SEQ_CST);
}

/* A write is over when the count has moved on. It waits for nobody, so this wait ends when the
 * host runs the writer's thread. */
static void wait_write(const struct vcpu *v)
{
	uint32_t count = __atomic_load_n(&v->writes, __ATOMIC_SEQ_CST);
	uint64_t start = rdtsc();

	while ((count & 1) && __atomic_load_n(&v->writes, __ATOMIC_SEQ_CST) == count)
		spin_rest(rdtsc() - start);
}

void tlb_wait_writes(void)
{
	unsigned me = host_cpu();

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < machine_vcpu_count; i++)
		if (i + 1 != me)
			wait_write(machine_vcpus[i]);
}
