/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "machine/snp/vmsa_inuse.h"
#include "machine/host/isr.h"
#include "machine/host/smp.h"
#include "machine/host/time.h"
#include "machine/snp/vmsa_swap.h"
#include "base/x86.h"

/*
 * A waiter spins as long as a kick usually takes, then sleeps, because on a loaded host a spinning
 * CPU keeps the very thread from running that it waits for. QEMU may lose a kick, so it is
 * repeated.
 */
#define SPIN_US 150
#define NAP_US  1000
#define WAIT_US 2000 /* then the guest tries again, and takes its interrupts in between */

/*
 * On hardware a hypervisor takes longer from #VMEXIT to VMRUN than a guest for the next few
 * instructions after its RMPADJUST, and an SVSM counts on it: it clears EFER.SVME in a VMSA that is
 * out of use. A guest of TCG is as slow as the monitor, so the page stays down a while. DOWN_US is
 * for a waiter that does not end its wait.
 */
#define GRACE_US 200
#define DOWN_US  5000

static uint64_t ticks(uint64_t us)
{
	return host_tsc_khz() * us / 1000;
}

static bool in_use(const struct rmp_entry *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_SEQ_CST) & RMP_INUSE;
}

/* Of two that wait for each other the lower one gets on: vmsa_inuse.h. */
static bool asked_by_lower(const struct vcpu *v)
{
	return cpuset_next(&v->asked, 0) < v->index;
}

static void kick(const struct vcpu *v)
{
	host_kick(vcpu_cpu(v));
}

/* Interrupts taken in a nap have still to be looked at: machine_run comes back for that. */
static void nap(struct vcpu *v)
{
	host_nap(ticks(NAP_US));
	v->napped = true;
}

static bool comes_down(struct vcpu *v, struct vcpu *holder, const struct rmp_entry *held)
{
	uint64_t start = rdtsc();

	for (;;) {
		uint64_t waited = rdtsc() - start;

		if (!in_use(held))
			return true;
		if (waited > ticks(WAIT_US) || asked_by_lower(v))
			return false;
		if (waited < ticks(SPIN_US)) {
			cpu_relax();
			continue;
		}
		kick(holder);
		nap(v);
	}
}

bool vmsa_inuse_wait(struct vcpu *v, const struct rmp_entry *held)
{
	struct vcpu *holder = machine_vcpus[READ_ONCE(held->holder)];

	if (holder == v)
		return false;
	vmsa_inuse_done(v);
	v->asks = holder;
	cpuset_add(&holder->asked, v->index);
	kick(holder);
	return comes_down(v, holder, held);
}

void vmsa_inuse_done(struct vcpu *v)
{
	if (v->asks)
		cpuset_remove(&v->asks->asked, v->index);
	v->asks = NULL;
}

static void put_down(struct vcpu *v)
{
	vmsa_put_down(&v->ctx[v->vmpl]);
	v->down_since = v->down_asked = rdtsc();
	for (unsigned i = cpuset_next(&v->asked, 0); i < HOST_MAX_CPUS;
	     i = cpuset_next(&v->asked, i + 1))
		kick(machine_vcpus[i]);
}

static uint64_t rest(struct vcpu *v, bool wanted)
{
	uint64_t now = rdtsc(), until;

	if (wanted)
		v->down_asked = now;
	until = MIN(v->down_asked + ticks(GRACE_US), v->down_since + ticks(DOWN_US));
	return now < until ? until - now : 0;
}

/* What is put down is the VMSA that is current now. A waiter may have met another one, which this
 * vCPU has put down itself since: then the current one goes in vain, and is loaded again. */
uint64_t vmsa_inuse_yield(struct vcpu *v)
{
	const struct vmpl_ctx *c = &v->ctx[v->vmpl];
	bool wanted = !cpuset_empty(&v->asked);
	uint64_t left = 0;

	if (wanted && c->loaded)
		put_down(v);
	if (v->down_since && !c->loaded)
		left = rest(v, wanted);
	if (!left)
		v->down_since = 0;
	return left;
}
