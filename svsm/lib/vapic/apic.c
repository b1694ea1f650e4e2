/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The state of a local APIC: what is requested, what is in service, which destinations it answers
 * to. APM vol. 2, chapter 16. The registers are in apic_regs.c, the timer in apic_timer.c.
 * Requests come from any CPU and are atomic; the rest belongs to the CPU that runs the vCPU.
 */
#include "lib/vapic/vapic.h"

/* The state after reset, APM vol. 2, chapter 16. Pending requests are dropped. */
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

/* The highest bit that is set; -1: none. */
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
	/* TMR before IRR: a CPU that sees the request must see its trigger mode. */
	if (level)
		set_bit(a->tmr, vector);
	else
		clear_bit(a->tmr, vector);
	set_bit(a->irr, vector);
}

/* The processor priority: the higher one of the task priority and of what is in service, by
 * classes of 16. */
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

int apic_alone(const struct vapic *a)
{
	int vector = highest(a->isr);
	uint32_t others = 0;

	if (vector < 0 || test_bit(a->tmr, vector) || highest(a->irr) >= 0)
		return -1;
	for (int i = 0; i < 8; i++)
		others |= i == vector / 32 ? a->isr[i] & ~(1u << vector % 32) : a->isr[i];
	return others ? -1 : vector;
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

uint32_t apic_ldr(const struct vapic *a)
{
	return apic_x2(a) ? (a->id >> 4) << 16 | 1u << (a->id & 15) : a->ldr;
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

/* x2APIC: cluster and bit. xAPIC: flat (a bit of the logical ID) or cluster model, by DFR; any
 * other model matches nothing, as in KVM. */
static bool match_logical(const struct vapic *a, uint32_t dest)
{
	uint32_t ldr = apic_ldr(a);

	if (apic_x2(a))
		return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff);
	switch (a->dfr >> 28) {
	case 0xf:
		return ldr >> 24 & dest;
	case 0:
		return ldr >> 28 == dest >> 4 && (ldr >> 24 & dest & 0xf);
	default:
		return false;
	}
}

/* A disabled APIC answers to nothing, and every other one to the broadcast ID of the sender's
 * mode. */
bool apic_matches(const struct vapic *a, uint32_t dest, bool logical, bool x2_sender)
{
	if (!(a->base & APIC_BASE_ENABLE))
		return false;
	if (dest == (x2_sender ? 0xffffffff : 0xff))
		return true;
	return logical ? match_logical(a, dest) : a->id == dest;
}
