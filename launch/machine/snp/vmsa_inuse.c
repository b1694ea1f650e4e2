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

static uint32_t bit_of(const struct vcpu *v)
{
	return 1u << v->index;
}

static bool in_use(const struct rmp_entry *e)
{
	return __atomic_load_n(&e->state, __ATOMIC_SEQ_CST) & RMP_INUSE;
}

static uint32_t asked(const struct vcpu *v)
{
	return __atomic_load_n(&v->asked, __ATOMIC_SEQ_CST);
}

static void kick(const struct vcpu *v)
{
	host_kick(v->index + 1);
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
		if (waited > ticks(WAIT_US) || (asked(v) & (bit_of(v) - 1)))
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
	__atomic_fetch_or(&holder->asked, bit_of(v), __ATOMIC_SEQ_CST);
	kick(holder);
	return comes_down(v, holder, held);
}

void vmsa_inuse_done(struct vcpu *v)
{
	if (v->asks)
		__atomic_fetch_and(&v->asks->asked, ~bit_of(v), __ATOMIC_SEQ_CST);
	v->asks = NULL;
}

static void put_down(struct vcpu *v, uint32_t who)
{
	vmsa_put_down(&v->ctx[v->vmpl]);
	v->down_since = v->down_asked = rdtsc();
	for (; who; who &= who - 1)
		kick(machine_vcpus[__builtin_ctz(who)]);
}

static uint64_t rest(struct vcpu *v, uint32_t who)
{
	uint64_t now = rdtsc(), until;

	if (who)
		v->down_asked = now;
	until = MIN(v->down_asked + ticks(GRACE_US), v->down_since + ticks(DOWN_US));
	return now < until ? until - now : 0;
}

/* What is put down is the VMSA that is current now. A waiter may have met another one, which this
 * vCPU has put down itself since: then the current one goes in vain, and is loaded again. */
uint64_t vmsa_inuse_yield(struct vcpu *v)
{
	const struct vmpl_ctx *c = &v->ctx[v->vmpl];
	uint32_t who = asked(v);
	uint64_t left = 0;

	if (who && c->loaded)
		put_down(v, who);
	if (v->down_since && !c->loaded)
		left = rest(v, who);
	if (!left)
		v->down_since = 0;
	return left;
}
