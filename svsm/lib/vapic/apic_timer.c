/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The timer of a local APIC: one-shot, periodic and TSC-deadline mode, kept as one deadline in TSC
 * ticks. The surroundings (apic_host_*) have to call apic_timer_expire() once it has passed.
 * Counts and deadlines are the guest's and may be anything; nothing may overflow or make the host
 * busy.
 */
#include "lib/vapic/vapic.h"

enum timer_mode {
	TIMER_ONE_SHOT,
	TIMER_PERIODIC,
	TIMER_DEADLINE,
	TIMER_RESERVED /* as in KVM a guest may choose it, and nothing counts */
};

/* KVM's min_timer_period_us: with shorter periods the guest would have no time to run. */
#define TIMER_MIN_PERIOD_US 200

static enum timer_mode mode_of(uint32_t lvt)
{
	return lvt >> 17 & 3;
}

static enum timer_mode timer_mode(const struct vapic *a)
{
	return mode_of(a->lvt[APIC_LVT_TIMER - APIC_LVT_FIRST]);
}

/* TDCR bits 3, 1, 0: 111 divides by 1, n by 2^(n+1). APM vol. 2, 16.4.1. */
static unsigned divider_shift(const struct vapic *a)
{
	unsigned n = (a->tdcr & 3) | (a->tdcr >> 1 & 4);

	return (n + 1) & 7;
}

/* At most 2^39 ns times a kHz figure below 2^25: no overflow. */
static uint64_t ticks_to_tsc(const struct vapic *a, uint32_t ticks)
{
	return ((uint64_t)ticks << divider_shift(a)) * apic_host_tsc_khz() / 1000000;
}

static uint32_t tsc_to_ticks(const struct vapic *a, uint64_t tsc)
{
	uint64_t khz = apic_host_tsc_khz();
	uint64_t ns = tsc / khz * 1000000 + tsc % khz * 1000000 / khz;

	return MIN(ns >> divider_shift(a), 0xffffffffull);
}

static void set(struct vapic *a, uint64_t deadline)
{
	a->deadline = deadline;
	apic_host_timer_changed(a);
}

/* As KVM, limit_periodic_timer_frequency(): one-shot counts have no lower bound. */
static void limit_period(struct vapic *a)
{
	uint64_t least = apic_host_tsc_khz() * TIMER_MIN_PERIOD_US / 1000;

	if (timer_mode(a) == TIMER_PERIODIC && a->period)
		a->period = MAX(a->period, least);
}

/* What TMICT and TDCR say; 0: the timer does not count. */
static void update_period(struct vapic *a)
{
	a->period = ticks_to_tsc(a, a->tmict);
	limit_period(a);
}

/* Ignored in TSC-deadline mode; a count of 0 stops the timer. */
void apic_timer_set_count(struct vapic *a, uint32_t count)
{
	if (timer_mode(a) == TIMER_DEADLINE)
		return;
	a->tmict = count;
	update_period(a);
	if (!count || timer_mode(a) == TIMER_RESERVED)
		set(a, 0);
	else
		set(a, apic_host_tsc() + a->period);
}

/* The counter goes on from its value at the new pace; one that has ended does not begin again. At
 * most 2^32 ticks are left, so that the shift to the left does not overflow either. */
void apic_timer_set_divide(struct vapic *a, uint32_t value)
{
	unsigned old = divider_shift(a), new;
	uint64_t now = apic_host_tsc();

	a->tdcr = value & APIC_TDCR_DIVIDER;
	new = divider_shift(a);
	if (timer_mode(a) == TIMER_DEADLINE || old == new)
		return;
	update_period(a);
	if (a->deadline > now)
		set(a, now + ((a->deadline - now) << new >> old));
}

/* A period that was raised to the least one begins with the count that the guest has written: no
 * count is above it. */
uint32_t apic_timer_current(const struct vapic *a)
{
	uint64_t now = apic_host_tsc();

	if (timer_mode(a) == TIMER_DEADLINE || a->deadline <= now)
		return 0;
	return MIN(tsc_to_ticks(a, a->deadline - now), a->tmict);
}

void apic_timer_set_deadline(struct vapic *a, uint64_t tsc)
{
	apic_timer_catch_up(a);
	if (timer_mode(a) == TIMER_DEADLINE)
		set(a, tsc);
}

uint64_t apic_timer_deadline(const struct vapic *a)
{
	bool waits = a->deadline > apic_host_tsc();

	return waits && timer_mode(a) == TIMER_DEADLINE ? a->deadline : 0;
}

/* Entering or leaving TSC-deadline mode disarms the timer. Between the others a count that runs
 * goes on, and ends as the new mode says. */
void apic_timer_mode_changed(struct vapic *a, uint32_t old_lvt)
{
	bool was = mode_of(old_lvt) == TIMER_DEADLINE, is = timer_mode(a) == TIMER_DEADLINE;

	limit_period(a);
	if (was != is) {
		a->tmict = 0;
		a->period = 0;
		set(a, 0);
	}
}

/* Called by the CPU that runs the vCPU. Early calls do nothing. */
void apic_timer_expire(struct vapic *a, uint64_t now)
{
	if (!a->deadline || a->deadline > now)
		return;
	if (timer_mode(a) == TIMER_PERIODIC && a->period) {
		/* A late tick stands for all that were missed, as on a busy host. */
		a->deadline += ((now - a->deadline) / a->period + 1) * a->period;
	} else {
		a->deadline = 0;
	}
	apic_local(a, APIC_LVT_TIMER);
}

void apic_timer_catch_up(struct vapic *a)
{
	uint64_t now = apic_host_tsc();

	if (!a->deadline || a->deadline > now)
		return;
	apic_timer_expire(a, now);
	apic_host_retry(a);
}
