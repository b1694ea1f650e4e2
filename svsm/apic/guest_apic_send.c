/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * IPIs: to whom ICR sends (APM vol. 2, 16.5 and 16.13), and how it gets there. To this CPU it is a
 * request like any other; to another one it goes through that CPU's atomic fields, and the
 * hypervisor interrupts its guest. Should the hypervisor not do so, it is taken at that CPU's next
 * exit.
 */
#include "apic/guest_apic_state.h"
#include "cpu/timer.h"
#include "cpu/vectors.h"
#include "platform/inject.h"

enum shorthand {
	TO_DESTINATION,
	TO_SELF,
	TO_ALL,
	TO_OTHERS,
};

#define ICR_VECTOR(icr)    ((uint8_t)(icr))
#define ICR_IS_NMI(icr)    (((icr) >> 8 & 7) == APIC_NMI)
#define ICR_LOGICAL        BIT(11)
#define ICR_SHORTHAND(icr) ((enum shorthand)((icr) >> 18 & 3))
#define ICR_DEST(icr)      ((uint32_t)((icr) >> 32))

/* By the CPU's APIC ID, which is fixed: the state of another CPU's APIC may be that CPU's to change
 * at this moment. */
static bool addressed(const struct cpu *c, bool self, uint64_t icr)
{
	switch (ICR_SHORTHAND(icr)) {
	case TO_SELF:
		return self;
	case TO_ALL:
		return true;
	case TO_OTHERS:
		return !self;
	default:
		return apic_x2_matches(c->apic_id, ICR_DEST(icr), icr & ICR_LOGICAL);
	}
}

static void put(struct guest_apic *g, uint64_t icr)
{
	unsigned vector = ICR_VECTOR(icr);

	if (ICR_IS_NMI(icr))
		__atomic_store_n(&g->sent_nmi, true, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_or(&g->sent_irr[vector / 32], 1u << vector % 32, __ATOMIC_SEQ_CST);
}

/* A CPU that has not looked by then was not interrupted: it is told again. */
#define LOST_NS 10000000ull

static bool lost(const struct guest_apic *g, uint64_t now)
{
	int64_t waits = (int64_t)(now - __atomic_load_n(&g->told, __ATOMIC_RELAXED));

	return waits > (int64_t)timer_ticks(LOST_NS);
}

/*
 * Whoever finds `sent` clear tells the hypervisor; while it is set the CPU has yet to look. A CPU
 * without a guest, or whose APIC the hypervisor has taken over, gets nothing. One that is being
 * handed over looks for the last time behind the end of its mark: what is sent after that look is
 * lost, as is all that is sent later (docs/apic.md).
 */
static void send(struct cpu *c, uint64_t icr)
{
	struct guest_apic *g = percpu_of(c, &guest_apic);
	uint64_t now = timer_now();

	if (!guest_apic_on(c) || READ_ONCE(c->guest.vmsa.v) == GPA_NONE.v)
		return;
	put(g, icr);
	if (__atomic_exchange_n(&g->sent, true, __ATOMIC_SEQ_CST) && !lost(g, now))
		return;
	__atomic_store_n(&g->told, now, __ATOMIC_RELAXED);
	platform->inject->notify(c->apic_id, NOTIFY_VECTOR);
}

/* A vector that no APIC delivers is not sent. The error register that says so is the
 * hypervisor's. */
void guest_apic_send(struct guest_apic *g, uint64_t icr)
{
	unsigned cpus = percpu_guest_count();

	if (!ICR_IS_NMI(icr) && ICR_VECTOR(icr) < 16)
		return;
	for (unsigned i = 0; i < cpus; i++) {
		struct cpu *c = percpu_get(i);
		bool self = percpu_of(c, &guest_apic) == g;

		if (!addressed(c, self, icr))
			continue;
		if (!self)
			send(c, icr);
		else if (ICR_IS_NMI(icr))
			g->nmi = true;
		else
			apic_request(&g->a, ICR_VECTOR(icr), false);
	}
}
