/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The state of a local APIC: what is requested, what is in service, which of them comes next, and
 * which destinations it answers to. APM vol. 2, chapter 16. Requests come from any CPU and are
 * atomic; the rest belongs to the CPU that runs the vCPU. Nothing here needs a timer, a host or an
 * error register, so the SVSM links this file alone (svsm/apic).
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

int apic_highest(const uint32_t map[8])
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

/* TMR before IRR: a CPU that sees the request must see its trigger mode. */
void apic_request(struct vapic *a, unsigned vector, bool level)
{
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
	int isr = apic_highest(a->isr);
	uint32_t in_service = isr < 0 ? 0 : isr & 0xf0;

	return (a->tpr & 0xf0) >= in_service ? a->tpr : in_service;
}

int apic_pending(const struct vapic *a)
{
	int vector = apic_highest(a->irr);

	if (vector < 0 || !apic_enabled(a))
		return -1;
	return (vector & 0xf0u) > (apic_ppr(a) & 0xf0) ? vector : -1;
}

void apic_accept(struct vapic *a, unsigned vector)
{
	clear_bit(a->irr, vector);
	set_bit(a->isr, vector);
}

void apic_retract(struct vapic *a, unsigned vector)
{
	clear_bit(a->isr, vector);
	set_bit(a->irr, vector);
}

int apic_eoi(struct vapic *a)
{
	int vector = apic_highest(a->isr);

	if (vector < 0)
		return -1;
	clear_bit(a->isr, vector);
	return test_bit(a->tmr, vector) ? vector : -1;
}

int apic_alone(const struct vapic *a)
{
	int vector = apic_highest(a->isr);
	uint32_t others = 0;

	if (vector < 0 || test_bit(a->tmr, vector) || apic_highest(a->irr) >= 0)
		return -1;
	for (int i = 0; i < 8; i++)
		others |= i == vector / 32 ? a->isr[i] & ~(1u << vector % 32) : a->isr[i];
	return others ? -1 : vector;
}

static uint32_t x2_ldr(uint32_t id)
{
	return (id >> 4) << 16 | 1u << (id & 15);
}

uint32_t apic_ldr(const struct vapic *a)
{
	return apic_x2(a) ? x2_ldr(a->id) : a->ldr;
}

static bool x2_match_logical(uint32_t id, uint32_t dest)
{
	uint32_t ldr = x2_ldr(id);

	return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff);
}

bool apic_x2_matches(uint32_t id, uint32_t dest, bool logical)
{
	if (dest == 0xffffffff)
		return true;
	return logical ? x2_match_logical(id, dest) : id == dest;
}

/* x2APIC: cluster and bit. xAPIC: flat (a bit of the logical ID) or cluster model, by DFR; any
 * other model matches nothing, as in KVM. */
static bool match_logical(const struct vapic *a, uint32_t dest)
{
	uint32_t ldr = apic_ldr(a);

	if (apic_x2(a))
		return x2_match_logical(a->id, dest);
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
