/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where interrupts come from: other vCPUs, whose IPIs lie in the APIC's atomic fields, and the
 * hypervisor, which may raise only what the guest has allowed. Vectors below 16 are exceptions'
 * numbers, and an APIC delivers none of them (APM vol. 2, 16.4.6).
 */
#include "apic/guest_apic_state.h"
#include "platform/inject.h"

#define LEGAL(word) ((word) ? ~0u : ~0xffffu)
#define NMI_BIT     BIT(2)

/* Edge-triggered ones, a word of 32 at once. */
static void request(struct guest_apic *g, unsigned word, uint32_t bits)
{
	g->a.tmr[word] &= ~bits;
	g->a.irr[word] |= bits;
}

void guest_apic_take_sent(struct guest_apic *g)
{
	if (!__atomic_load_n(&g->sent, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&g->sent, false, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < ARRAY_LEN(g->sent_irr); i++)
		request(g, i, __atomic_exchange_n(&g->sent_irr[i], 0, __ATOMIC_SEQ_CST));
	if (__atomic_exchange_n(&g->sent_nmi, false, __ATOMIC_SEQ_CST))
		g->nmi = true;
}

void guest_apic_take_held(struct guest_apic *g)
{
	for (unsigned i = 0; i < ARRAY_LEN(g->held); i++) {
		uint32_t now = g->held[i] & g->allowed[i];

		g->held[i] &= ~now;
		g->a.tmr[i] |= now;
		g->a.irr[i] |= now;
	}
}

void guest_apic_take_host(struct guest_apic *g, unsigned vmpl)
{
	struct inject_events e;

	if (!platform->inject->events(vmpl, &e))
		return;
	for (unsigned i = 0; i < ARRAY_LEN(e.irr); i++)
		request(g, i, e.irr[i] & g->allowed[i] & LEGAL(i));
	if (e.level >= 16) {
		g->held[e.level / 32] |= 1u << e.level % 32;
		guest_apic_take_held(g);
	}
	if (e.nmi && (g->allowed[0] & NMI_BIT))
		g->nmi = true;
}
