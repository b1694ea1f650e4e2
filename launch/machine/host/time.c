/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Time: the TSC counts it, and the local APIC's timer, whose frequency QEMU fixes, tells how fast
 * the TSC is. The timer is one-shot and each CPU's own; percpu.deadline remembers what it was
 * armed for.
 */
#include "machine/host/time.h"
#include "machine/host/lapic.h"
#include "machine/host/percpu.h"
#include "machine/host_assert.h"
#include "base/x86.h"

#define WINDOW_TICKS (LAPIC_TIMER_KHZ * 10) /* 10 ms */
#define SAMPLES      32

struct sample {
	uint64_t tsc;
	uint32_t ticks; /* LAPIC timer, counting down */
};

static struct sample first;
static uint64_t khz;

/* Both clocks at one moment: of several tries the one with the least between the two TSC reads. */
static struct sample sample(void)
{
	uint64_t best = ~0ull;
	struct sample s = {0};

	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t before = rdtsc();
		uint32_t ticks = lapic_timer_read();
		uint64_t took = rdtsc() - before;

		if (took < best) {
			best = took;
			s.tsc = before + took / 2;
			s.ticks = ticks;
		}
	}
	return s;
}

void time_calibrate_begin(void)
{
	lapic_timer_set(UINT32_MAX); /* 4 s: no interrupt before we are done */
	first = sample();
}

static struct sample second(void)
{
	while (first.ticks - lapic_timer_read() < WINDOW_TICKS)
		cpu_relax();
	return sample();
}

/* A timer that has run out says nothing of the time: the start of many CPUs took too long, or all
 * of QEMU was stopped. */
void time_calibrate_finish(void)
{
	struct sample last = second();

	while (!last.ticks) {
		time_calibrate_begin();
		last = second();
	}
	lapic_timer_set(0);
	khz = (last.tsc - first.tsc) * LAPIC_TIMER_KHZ / (first.ticks - last.ticks);
	HOST_ASSERT(khz);
}

uint64_t host_tsc_khz(void)
{
	return khz;
}

/* At least 1, because 0 stops the timer; at most some seconds, after which time_fired() arms it
 * again. */
static uint32_t ticks_until(uint64_t deadline)
{
	uint64_t now = rdtsc(), left = deadline - now;

	if (deadline <= now)
		return 1;
	if (left / khz >= UINT32_MAX / LAPIC_TIMER_KHZ)
		return UINT32_MAX / LAPIC_TIMER_KHZ * LAPIC_TIMER_KHZ; /* time_fired goes on */
	return (uint32_t)(left * LAPIC_TIMER_KHZ / khz) + 1;
}

/* Cheap when nothing changes: a hypervisor arms it on most exits. */
void host_timer_arm(uint64_t deadline)
{
	struct percpu *p = percpu();

	if (!deadline)
		deadline = 1;
	if (p->deadline == deadline)
		return;
	p->deadline = deadline;
	lapic_timer_set(ticks_until(deadline));
}

void host_timer_stop(void)
{
	struct percpu *p = percpu();

	if (!p->deadline)
		return;
	p->deadline = 0;
	lapic_timer_set(0);
}

/* Called from isr.c, on the CPU whose timer it is. */
void time_fired(void)
{
	struct percpu *p = percpu();

	if (p->deadline > rdtsc())
		lapic_timer_set(ticks_until(p->deadline)); /* a deadline beyond one period */
	else
		p->deadline = 0;
}
