/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The registers of a local APIC as a guest reads and writes them, in the xAPIC page or by x2APIC
 * MSRs. Every value is the guest's and may be anything: reserved bits are dropped (page) or
 * refused (MSR), an unknown register sets ESR.
 */
#include "lib/vapic/vapic.h"

/*
 * As KVM has it for a guest of AMD (Linux, arch/x86/kvm/lapic.c, kvm_apic_set_version()): neither
 * directed EOI, bit 24, nor AMD's extended register space, bit 31; and no entry for CMCI, since
 * MCG_CAP has none.
 */
#define APIC_VERSION_VALUE (0x14 | (APIC_LVT_COUNT - 1) << 16)

/* In x2APIC mode: bits 31:20, 17:16 and 13. */
#define ICR_RESERVED 0xfff32000ull

/* The entries of the local vector table: APM vol. 2, 16.4. */
static const struct {
	uint32_t writable;
	uint32_t ignored; /* not reserved, but read-only or of no effect here */
} lvt_bits[APIC_LVT_COUNT] = {
	{0x000700ff, 0x00001000}, /* timer: vector, mask, mode; delivery status */
	{0x000107ff, 0x00001000}, /* thermal: with a message type */
	{0x000107ff, 0x00001000}, /* performance counter */
	{0x0001a7ff, 0x00005000}, /* LINT0: with polarity and trigger mode; remote IRR */
	{0x0001a7ff, 0x00005000}, /* LINT1 */
	{0x000100ff, 0x00001700}, /* error: its message type is fixed */
};

/* IRR and TMR are read atomically, because other CPUs set bits in them. What the timer owes is
 * requested before any register is looked at, however late the host's own timer is. */
uint32_t apic_read(struct vapic *a, unsigned reg)
{
	apic_timer_catch_up(a);
	switch (reg) {
	case APIC_ID:
		return apic_x2(a) ? a->id : a->id << 24;
	case APIC_VERSION:
		return APIC_VERSION_VALUE;
	case APIC_TPR:
		return a->tpr;
	case APIC_APR:
	case APIC_PPR:
		return apic_ppr(a);
	case APIC_EOI:
	case APIC_RRD:
		return 0;
	case APIC_LDR:
		return apic_ldr(a);
	case APIC_DFR:
		return a->dfr;
	case APIC_SVR:
		return a->svr;
	case APIC_ISR ... APIC_ISR + 7:
		return a->isr[reg - APIC_ISR];
	case APIC_TMR ... APIC_TMR + 7:
		return __atomic_load_n(&a->tmr[reg - APIC_TMR], __ATOMIC_RELAXED);
	case APIC_IRR ... APIC_IRR + 7:
		return __atomic_load_n(&a->irr[reg - APIC_IRR], __ATOMIC_RELAXED);
	case APIC_ESR:
		return a->esr;
	case APIC_ICR:
		return a->icr_low;
	case APIC_ICR_HIGH:
		return a->icr_high;
	case APIC_LVT_TIMER ... APIC_LVT_ERROR:
		return a->lvt[reg - APIC_LVT_FIRST];
	case APIC_TMICT:
		return a->tmict;
	case APIC_TMCCT:
		return apic_timer_current(a);
	case APIC_TDCR:
		return a->tdcr;
	default:
		apic_error(a, APIC_ESR_REGISTER);
		return 0;
	}
}

/* While the APIC is disabled by software, entries stay masked. */
static void write_lvt(struct vapic *a, unsigned reg, uint32_t value)
{
	unsigned i = reg - APIC_LVT_FIRST;
	uint32_t old = a->lvt[i];

	value &= lvt_bits[i].writable;
	if (!(a->svr & APIC_SVR_ENABLE))
		value |= APIC_LVT_MASKED;
	a->lvt[i] = value;
	if (reg == APIC_LVT_TIMER)
		apic_timer_mode_changed(a, old);
}

static void write_svr(struct vapic *a, uint32_t value)
{
	unsigned i;

	a->svr = value & APIC_SVR_WRITABLE;
	if (!(value & APIC_SVR_ENABLE))
		for (i = 0; i < APIC_LVT_COUNT; i++)
			a->lvt[i] |= APIC_LVT_MASKED;
	apic_host_retry(a);
}

static void write_eoi(struct vapic *a)
{
	int vector = apic_eoi(a);

	if (vector >= 0)
		apic_host_eoi_level(a, vector);
	apic_host_retry(a);
}

/* Bit 12, delivery status, always reads as idle: an IPI is sent at once. */
static void write_icr(struct vapic *a, uint32_t low, uint32_t dest)
{
	a->icr_low = low & ~(uint32_t)BIT(12);
	apic_ipi_send(a, low, dest);
}

/* Takes effect at once. A write that may make an interrupt deliverable ends with
 * apic_host_retry(). What was due before is not the write's to take back. */
void apic_write(struct vapic *a, unsigned reg, uint32_t value)
{
	apic_timer_catch_up(a);
	switch (reg) {
	case APIC_EOI:
		write_eoi(a);
		break;
	case APIC_TPR:
		a->tpr = value & 0xff;
		apic_host_retry(a);
		break;
	case APIC_ICR:
		write_icr(a, value, a->icr_high >> 24);
		break;
	case APIC_ICR_HIGH:
		a->icr_high = value & 0xff000000;
		break;
	case APIC_TMICT:
		apic_timer_set_count(a, value);
		break;
	case APIC_TDCR:
		apic_timer_set_divide(a, value);
		break;
	case APIC_LDR:
		a->ldr = value & 0xff000000;
		apic_host_logical(a);
		break;
	case APIC_DFR:
		a->dfr = value | 0x0fffffff;
		apic_host_logical(a);
		break;
	case APIC_SVR:
		write_svr(a, value);
		break;
	case APIC_ESR:
		a->esr = __atomic_exchange_n(&a->esr_next, 0, __ATOMIC_RELAXED);
		break;
	case APIC_LVT_TIMER ... APIC_LVT_ERROR:
		write_lvt(a, reg, value);
		break;
	case APIC_ID:
	case APIC_VERSION:
	case APIC_APR:
	case APIC_PPR:
	case APIC_RRD:
	case APIC_TMCCT:
	case APIC_ISR ... APIC_IRR + 7:
		break; /* read-only: ignored */
	default:
		apic_error(a, APIC_ESR_REGISTER);
	}
}

/* Registers that x2APIC mode lacks or that are write-only raise #GP: DFR, APR, RRD, EOI,
 * SELF_IPI. */
bool apic_msr_read(struct vapic *a, unsigned reg, uint64_t *value)
{
	if (!apic_x2(a))
		return false;
	switch (reg) {
	case APIC_ICR:
		*value = (uint64_t)a->icr_high << 32 | a->icr_low;
		return true;
	case APIC_ID:
	case APIC_VERSION:
	case APIC_TPR:
	case APIC_PPR:
	case APIC_LDR:
	case APIC_SVR:
	case APIC_ISR ... APIC_IRR + 7:
	case APIC_ESR:
	case APIC_LVT_TIMER ... APIC_LVT_ERROR:
	case APIC_TMICT:
	case APIC_TMCCT:
	case APIC_TDCR:
		*value = apic_read(a, reg);
		return true;
	default:
		return false;
	}
}

/*
 * True when the value has a reserved bit set, or the register cannot be written: that is #GP by
 * APM vol. 2, 16.11.1. KVM refuses bits 63:32, a value of ESR and the reserved bits of self IPI and
 * ICR alone, and drops the others.
 */
static bool msr_reserved(unsigned reg, uint64_t value)
{
	switch (reg) {
	case APIC_EOI:
	case APIC_ESR:
		return value != 0;
	case APIC_TPR:
	case APIC_SELF_IPI:
		return value >> 8;
	case APIC_SVR:
		return value & ~(uint64_t)APIC_SVR_WRITABLE;
	case APIC_LVT_TIMER ... APIC_LVT_ERROR:
		reg -= APIC_LVT_FIRST;
		return value & ~(uint64_t)(lvt_bits[reg].writable | lvt_bits[reg].ignored);
	case APIC_TMICT:
		return value >> 32;
	case APIC_TDCR:
		return value & ~(uint64_t)APIC_TDCR_DIVIDER;
	case APIC_ICR: /* KVM, X2APIC_ICR_RESERVED_BITS */
		return value & ICR_RESERVED;
	default:
		return true; /* read-only or absent */
	}
}

/* An illegal vector is both sent and received: Intel SDM vol. 3, "Error Handling". */
static void write_self_ipi(struct vapic *a, uint32_t vector)
{
	if (vector < 16)
		apic_error(a, APIC_ESR_SEND_ILLEGAL);
	apic_post(a, vector, false);
	apic_host_retry(a);
}

/* In x2APIC mode ICR is one 64-bit register with the destination in its upper half. */
bool apic_msr_write(struct vapic *a, unsigned reg, uint64_t value)
{
	if (!apic_x2(a) || msr_reserved(reg, value))
		return false;
	if (reg == APIC_ICR) {
		a->icr_high = value >> 32;
		write_icr(a, value, value >> 32);
	} else if (reg == APIC_SELF_IPI) {
		write_self_ipi(a, value);
	} else {
		apic_write(a, reg, value);
	}
	return true;
}
