/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The registers that protocol 3 reads and writes, by their x2APIC numbers (APM vol. 2, table 16-6).
 * All others, timer and local vectors among them, stay with the hypervisor. The calling vCPU has
 * left its guest (guest_apic_leave), so nothing is half taken.
 */
#include "apic/guest_apic_state.h"
#include "base/speculation.h"
#include "platform/inject.h"

#define X2APIC_BASE  0x800
#define REG_OF(msr)  ((msr)-X2APIC_BASE)

#define ICR_DELIVERY (7u << 8)
/* Delivery status, bit 13, remote read status, and what x2APIC mode reserves. */
#define ICR_RESERVED (BIT(12) | BIT(13) | 3ull << 16 | 0xfff00000ull)

/* Only the class of the task priority is kept: a VMSA has no room for more. */
#define TPR_CLASS 0xf0

/* APIC_EOI and APIC_SELF_IPI are written only; the rest is read only where write() has no case. */
static bool emulated(uint64_t reg)
{
	switch (reg) {
	case APIC_ID:
	case APIC_TPR:
	case APIC_PPR:
	case APIC_EOI:
	case APIC_LDR:
	case APIC_ISR ... APIC_IRR + 7:
	case APIC_ICR:
	case APIC_SELF_IPI:
		return true;
	default:
		return false;
	}
}

/* The guest has chosen the number. */
static uint32_t word(const uint32_t map[8], uint64_t index)
{
	return map[speculation_index(index, 8)];
}

static enum guest_apic_result read(const struct guest_apic *g, uint64_t reg, uint64_t *value)
{
	switch (reg) {
	case APIC_ID:
		*value = g->a.id;
		return GUEST_APIC_OK;
	case APIC_TPR:
		*value = g->a.tpr;
		return GUEST_APIC_OK;
	case APIC_PPR:
		*value = apic_ppr(&g->a);
		return GUEST_APIC_OK;
	case APIC_LDR:
		*value = apic_ldr(&g->a);
		return GUEST_APIC_OK;
	case APIC_ISR ... APIC_ISR + 7:
		*value = word(g->a.isr, reg - APIC_ISR);
		return GUEST_APIC_OK;
	case APIC_TMR ... APIC_TMR + 7:
		*value = word(g->a.tmr, reg - APIC_TMR);
		return GUEST_APIC_OK;
	case APIC_IRR ... APIC_IRR + 7:
		*value = word(g->a.irr, reg - APIC_IRR);
		return GUEST_APIC_OK;
	case APIC_ICR:
		*value = g->icr;
		return GUEST_APIC_OK;
	default:
		return GUEST_APIC_REFUSED;
	}
}

enum guest_apic_result guest_apic_read(uint64_t msr, uint64_t *value)
{
	struct guest_apic *g = percpu_mine(&guest_apic);

	if (!emulated(REG_OF(msr)))
		return GUEST_APIC_UNKNOWN;
	guest_apic_take_sent(g);
	return read(g, REG_OF(msr), value);
}

/* The hypervisor waits for the end of a level-triggered one. If it does not want to hear of it, it
 * waits for longer. */
void guest_apic_eoi(struct guest_apic *g, unsigned vmpl)
{
	int vector = apic_eoi(&g->a);

	if (vector >= 0)
		platform->inject->eoi(vmpl, (uint8_t)vector);
}

/* Fixed and NMI: INIT and startup are the hypervisor's, lowest priority is none of x2APIC's. */
static bool icr_valid(uint64_t icr)
{
	uint64_t delivery = (icr & ICR_DELIVERY) >> 8;

	return !(icr & ICR_RESERVED) && (delivery == APIC_FIXED || delivery == APIC_NMI);
}

static bool write(struct guest_apic *g, unsigned vmpl, uint64_t reg, uint64_t value)
{
	switch (reg) {
	case APIC_TPR:
		if (value >> 8)
			return false;
		g->a.tpr = value & TPR_CLASS;
		return true;
	case APIC_EOI:
		if (value)
			return false;
		guest_apic_eoi(g, vmpl);
		return true;
	case APIC_ICR:
		if (!icr_valid(value))
			return false;
		g->icr = value;
		guest_apic_send(g, value);
		return true;
	case APIC_SELF_IPI:
		if (value >> 8)
			return false;
		if (value >= 16)
			apic_request(&g->a, (uint8_t)value, false);
		return true;
	default:
		return false;
	}
}

enum guest_apic_result guest_apic_write(unsigned vmpl, uint64_t msr, uint64_t value)
{
	if (!emulated(REG_OF(msr)))
		return GUEST_APIC_UNKNOWN;
	return write(percpu_mine(&guest_apic), vmpl, REG_OF(msr), value) ? GUEST_APIC_OK
									 : GUEST_APIC_REFUSED;
}

void guest_apic_allow(uint8_t vector, bool allowed)
{
	struct guest_apic *g = percpu_mine(&guest_apic);
	uint32_t bit = 1u << vector % 32;

	if (allowed)
		g->allowed[vector / 32] |= bit;
	else
		g->allowed[vector / 32] &= ~bit;
	guest_apic_take_held(g);
}

void guest_apic_allow_all(bool allowed)
{
	struct guest_apic *g = percpu_mine(&guest_apic);

	for (unsigned i = 0; i < ARRAY_LEN(g->allowed); i++)
		g->allowed[i] = !allowed ? 0 : i ? ~0u : g->allowed[0] | 1u << 31;
	guest_apic_take_held(g);
}
