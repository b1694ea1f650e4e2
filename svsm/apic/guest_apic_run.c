/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Around each run of the guest: what it has taken, and what it shall take.
 *
 * The highest request whose class is above what is in service goes into the VMSA and counts as in
 * service from then on, whatever the task priority is: the processor compares that itself, and the
 * guest may lower it without an exit. What the guest has not taken when it comes back is a request
 * again, so each run decides anew, and each vector is delivered once.
 *
 * An EOI needs no call when no_eoi_required (58019, table 2; draft 1.01) of the calling area is 1:
 * the guest writes 0 there instead. That is offered where nothing waits for the EOI, for as long as
 * the guest runs. The area is the guest's memory and may hold anything: only 0 means something, and
 * only when 1 was written.
 */
#include "apic/guest_apic_state.h"
#include "abi/svsm.h"
#include "cpu/timer.h"
#include "cpu/trap/hv.h"
#include "log/log.h"
#include "mm/guest_mem.h"
#include "platform/inject.h"
#include "platform/vcpu.h"

static gpa_t no_eoi_byte(const struct vmsa_entry *self)
{
	return gpa_add(self->caa, offsetof(struct svsm_caa, no_eoi_required));
}

/* Was the offer taken? It is over in any case. */
static bool eoi_made(struct guest_apic *g, const struct vmsa_entry *self)
{
	uint8_t byte = 0;
	bool made = g->lazy && guest_read8(no_eoi_byte(self), &byte) && !byte;

	if (byte)
		guest_write8(no_eoi_byte(self), 0);
	g->lazy = false;
	return made;
}

static void offer_no_eoi(struct guest_apic *g, const struct vmsa_entry *self)
{
	if (apic_alone(&g->a) >= 0)
		g->lazy = guest_write8(no_eoi_byte(self), 1);
}

/* Where emulation has ended for the VM, new vCPUs are made without. The hypervisor knows that by
 * their features, and has nothing to take over. */
static bool made_without(const struct vmsa_entry *self)
{
	uint64_t features;

	return platform->vcpu->features(self->vmsa, &features) &&
	       !(features & platform->inject->feature);
}

/* A vCPU that has not run before begins with an APIC as after INIT. Its calling area may be that of
 * the vCPU before, to which an EOI without a call was offered there. */
static void begin(struct guest_apic *g, const struct vmsa_entry *self)
{
	guest_apic_reset(g, percpu_this());
	g->serial = self->serial;
	guest_write8(no_eoi_byte(self), 0);
	if (made_without(self))
		__atomic_store_n(&percpu_this()->guest.apic, false, __ATOMIC_SEQ_CST);
}

void guest_apic_leave(const struct vmsa_entry *self)
{
	struct guest_apic *g = percpu_mine(&guest_apic);
	struct inject_state s;
	bool untaken;

	if (g->serial != self->serial)
		begin(g, self);
	if (!guest_apic_on(percpu_this()) || !platform->inject->leave(self->vmsa, &s))
		return;
	g->a.tpr = s.tpr;
	g->nmi |= s.nmi;
	untaken = g->queued && s.vector == g->queued;
	if (eoi_made(g, self) && !untaken)
		guest_apic_eoi(g, self->vmpl);
	if (untaken)
		apic_retract(&g->a, g->queued);
	g->queued = 0;
}

/* Interrupts for VMPL0 itself, which brought us here or come soon: what follows looks for all that
 * they may mean. */
static void take_own(void)
{
	if (hv_take_before_run())
		timer_expired();
}

/* The vector that goes into the VMSA; 0: none. */
static uint8_t next(struct guest_apic *g)
{
	int requested = apic_highest(g->a.irr), in_service = apic_highest(g->a.isr);

	if (requested < 0 || (in_service >= 0 && requested >> 4 <= in_service >> 4))
		return 0;
	apic_accept(&g->a, (unsigned)requested);
	return (uint8_t)requested;
}

void guest_apic_enter(const struct vmsa_entry *self)
{
	struct guest_apic *g = percpu_mine(&guest_apic);
	struct inject_state s;

	take_own();
	guest_apic_take_sent(g);
	guest_apic_take_host(g, self->vmpl);
	g->queued = next(g);
	s = (struct inject_state){.tpr = (uint8_t)g->a.tpr, .vector = g->queued, .nmi = g->nmi};
	offer_no_eoi(g, self);
	if (platform->inject->enter(self->vmsa, &s) && s.nmi)
		g->nmi = false;
}

/* What others send from now on is not sent; what they have sent goes along. So do vectors that wait
 * for the guest's leave, which the hypervisor need not ask for. */
void guest_apic_hand_over(const struct vmsa_entry *self)
{
	struct guest_apic *g = percpu_mine(&guest_apic);
	struct cpu *c = percpu_this();
	uint32_t irr[8];

	__atomic_store_n(&c->guest.apic, false, __ATOMIC_SEQ_CST);
	guest_apic_take_sent(g);
	for (unsigned i = 0; i < ARRAY_LEN(irr); i++)
		irr[i] = g->a.irr[i] | g->held[i];
	if (platform->inject->hand_over(self->vmsa, self->vmpl,
					&(struct inject_apic){.irr = irr,
							      .isr = g->a.isr,
							      .tpr = (uint8_t)g->a.tpr,
							      .nmi = g->nmi})) {
		log_info("apic: vCPU %u: the hypervisor's APIC takes over\n", c->index);
		return;
	}
	__atomic_store_n(&c->guest.apic, true, __ATOMIC_SEQ_CST);
	log_guest("apic: vCPU %u: the hypervisor refused to take over\n", c->index);
}
