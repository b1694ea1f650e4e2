/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a local APIC does of its own accord: it takes requests, raises errors and local interrupts,
 * and changes its mode. APM vol. 2, chapter 16. What it holds is in apic_state.c, the registers in
 * apic_regs.c, the timer in apic_timer.c.
 */
#include "lib/vapic/vapic.h"

void apic_post(struct vapic *a, unsigned vector, bool level)
{
	if (vector < 16) {
		apic_error(a, APIC_ESR_RECV_ILLEGAL);
		return;
	}
	apic_request(a, vector, level);
}

void apic_error(struct vapic *a, uint32_t bits)
{
	uint32_t *lvt = &a->lvt[APIC_LVT_ERROR - APIC_LVT_FIRST];

	__atomic_fetch_or(&a->esr_next, bits, __ATOMIC_RELAXED);
	/* An illegal vector in the error entry itself must not lead back here. */
	if ((*lvt & 0xff) < 16)
		return;
	apic_local(a, APIC_LVT_ERROR);
	apic_host_retry(a);
}

/* A masked entry raises nothing. NMI delivery is ignored for timer and error entry, which have no
 * delivery mode. */
void apic_local(struct vapic *a, unsigned lvt_reg)
{
	uint32_t lvt = a->lvt[lvt_reg - APIC_LVT_FIRST];
	unsigned mode = lvt >> 8 & 7;

	if (lvt & APIC_LVT_MASKED)
		return;
	if (mode == APIC_NMI && lvt_reg != APIC_LVT_TIMER && lvt_reg != APIC_LVT_ERROR)
		__atomic_store_n(&a->nmi, 1, __ATOMIC_SEQ_CST);
	else
		apic_post(a, lvt & 0xff, false);
}

/* A change to disabled resets the APIC. */
bool apic_base_write(struct vapic *a, uint64_t value)
{
	uint64_t modes = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	uint64_t from = a->base & modes, to = value & modes;

	if ((value & ~(modes | APIC_BASE_BSP)) != APIC_BASE_ADDR)
		return false;
	if (to == APIC_BASE_X2APIC)
		return false;
	/* x2APIC is left only by way of disabled, and entered only from xAPIC: APM vol. 2, 16.9. */
	if (from == modes && to == APIC_BASE_ENABLE)
		return false;
	if (from == 0 && to == modes)
		return false;
	if (to == 0 && from != 0)
		apic_reset(a, a->id, a->vmpl, a->base & APIC_BASE_BSP);
	a->base = value;
	apic_host_logical(a);
	return true;
}
