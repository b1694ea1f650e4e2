/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "hv/vapic.h"

#define APIC_VERSION_VALUE (0x14 | (APIC_LVT_COUNT - 1) << 16)

static const uint32_t lvt_writable[APIC_LVT_COUNT] = {
	0x000700ff, /* timer: vector, mask, mode */
	0x000107ff, 0x000107ff, 0x0001a7ff, 0x0001a7ff, 0x000100ff,
};

void apic_reset(struct vapic *a, uint32_t id, uint8_t vmpl, bool bsp)
{
	unsigned i;

	*a = (struct vapic){
		.id = id,
		.vmpl = vmpl,
		.svr = 0xff,
		.dfr = 0xffffffff,
		.base = APIC_BASE_ADDR | APIC_BASE_ENABLE | (bsp ? APIC_BASE_BSP : 0),
	};
	for (i = 0; i < APIC_LVT_COUNT; i++)
		a->lvt[i] = APIC_LVT_MASKED;
}

static int highest(const uint32_t map[8])
{
	int i;

	for (i = 7; i >= 0; i--) {
		uint32_t w = __atomic_load_n(&map[i], __ATOMIC_RELAXED);

		if (w)
			return i * 32 + 31 - __builtin_clz(w);
	}
	return -1;
}

static bool test_bit(const uint32_t map[8], unsigned n)
{
	return __atomic_load_n(&map[n / 32], __ATOMIC_RELAXED) >> (n % 32) & 1;
}

static void set_bit(uint32_t map[8], unsigned n)
{
	__atomic_fetch_or(&map[n / 32], 1u << (n % 32), __ATOMIC_SEQ_CST);
}

static void clear_bit(uint32_t map[8], unsigned n)
{
	__atomic_fetch_and(&map[n / 32], ~(1u << (n % 32)), __ATOMIC_SEQ_CST);
}

void apic_post(struct vapic *a, unsigned vector, bool level)
{
	if (vector < 16) {
		apic_error(a, APIC_ESR_RECV_ILLEGAL);
		return;
	}
	/* TMR first: whoever sees the request must see its kind. */
	if (level)
		set_bit(a->tmr, vector);
	else
		clear_bit(a->tmr, vector);
	set_bit(a->irr, vector);
}

uint32_t apic_ppr(const struct vapic *a)
{
	int isr = highest(a->isr);
	uint32_t in_service = isr < 0 ? 0 : isr & 0xf0;

	return (a->tpr & 0xf0) >= in_service ? a->tpr : in_service;
}

int apic_pending(const struct vapic *a)
{
	int vector = highest(a->irr);

	if (vector < 0 || !apic_enabled(a))
		return -1;
	return (vector & 0xf0u) > (apic_ppr(a) & 0xf0) ? vector : -1;
}

void apic_accept(struct vapic *a, unsigned vector)
{
	clear_bit(a->irr, vector);
	set_bit(a->isr, vector);
}

int apic_eoi(struct vapic *a)
{
	int vector = highest(a->isr);

	if (vector < 0)
		return -1;
	clear_bit(a->isr, vector);
	return test_bit(a->tmr, vector) ? vector : -1;
}

void apic_error(struct vapic *a, uint32_t bits)
{
	uint32_t *lvt = &a->lvt[APIC_LVT_ERROR - APIC_LVT_FIRST];

	__atomic_fetch_or(&a->esr_next, bits, __ATOMIC_RELAXED);
	/* An illegal vector in the error entry itself must not recurse. */
	if ((*lvt & 0xff) >= 16)
		apic_local(a, APIC_LVT_ERROR);
}

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

static uint32_t ldr_value(const struct vapic *a)
{
	return apic_x2(a) ? (a->id >> 4) << 16 | 1u << (a->id & 15) : a->ldr;
}

uint32_t apic_read(struct vapic *a, unsigned reg)
{
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
	case APIC_SELF_IPI:
		return 0;
	case APIC_LDR:
		return ldr_value(a);
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

static void write_lvt(struct vapic *a, unsigned reg, uint32_t value)
{
	unsigned i = reg - APIC_LVT_FIRST;
	uint32_t old = a->lvt[i];

	value &= lvt_writable[i];
	if (!(a->svr & APIC_SVR_ENABLE))
		value |= APIC_LVT_MASKED;
	a->lvt[i] = value;
	if (reg == APIC_LVT_TIMER)
		apic_timer_mode_changed(a, old);
}

static void write_svr(struct vapic *a, uint32_t value)
{
	unsigned i;

	a->svr = value & 0x3ff;
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

static void write_icr(struct vapic *a, uint32_t low, uint32_t dest)
{
	a->icr_low = low & ~(uint32_t)BIT(12);
	apic_ipi_send(a, low, dest);
}

void apic_write(struct vapic *a, unsigned reg, uint32_t value)
{
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
		a->icr_high = value;
		break;
	case APIC_TMICT:
		apic_timer_set_count(a, value);
		break;
	case APIC_TDCR:
		a->tdcr = value & 0xb;
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

/* The registers whose x2APIC form has reserved bits: writing one there is #GP. */
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
		return value >> 13;
	case APIC_LVT_TIMER ... APIC_LVT_ERROR:
	case APIC_TMICT:
	case APIC_TDCR:
		return value >> 32;
	default:
		return true; /* read-only or absent */
	}
}

bool apic_msr_write(struct vapic *a, unsigned reg, uint64_t value)
{
	if (!apic_x2(a))
		return false;
	if (reg == APIC_ICR) {
		a->icr_high = value >> 32;
		write_icr(a, value, value >> 32);
		return true;
	}
	if (msr_reserved(reg, value))
		return false;
	if (reg == APIC_SELF_IPI) {
		apic_post(a, value, false);
		apic_host_retry(a);
	} else {
		apic_write(a, reg, value);
	}
	return true;
}

bool apic_base_write(struct vapic *a, uint64_t value)
{
	uint64_t modes = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	uint64_t old = a->base & modes, new = value &modes;

	if ((value & ~(modes | APIC_BASE_BSP)) != APIC_BASE_ADDR)
		return false;
	if (new == APIC_BASE_X2APIC)
		return false;
	/* x2APIC is left only by way of disabled, and entered only from xAPIC: APM vol. 2, 16.9. */
	if (old == modes && new == APIC_BASE_ENABLE)
		return false;
	if (old == 0 && new == modes)
		return false;
	if (new == 0 && old != 0)
		apic_reset(a, a->id, a->vmpl, a->base & APIC_BASE_BSP);
	a->base = value;
	apic_host_logical(a);
	return true;
}

static bool match_logical(const struct vapic *a, uint32_t dest)
{
	uint32_t ldr = ldr_value(a);

	if (apic_x2(a))
		return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff);
	if (a->dfr >> 28 == 0xf)
		return ldr >> 24 & dest;
	return ldr >> 28 == (dest >> 4 & 0xf) && (ldr >> 24 & dest & 0xf);
}

bool apic_matches(const struct vapic *a, uint32_t dest, bool logical, bool x2_sender)
{
	if (!(a->base & APIC_BASE_ENABLE))
		return false;
	if (dest == (x2_sender ? 0xffffffff : 0xff))
		return true;
	return logical ? match_logical(a, dest) : a->id == dest;
}
