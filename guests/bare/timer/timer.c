/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the tests of the timer have in common: handlers that count, and waits (timer.h). */
#include "bare/timer/timer.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define TICKS_KEPT 64

static const uint8_t vectors[] = {VEC_LOW, VEC_TIMER, VEC_SAME, VEC_HIGH};
static volatile uint64_t hits[256], ticks[TICKS_KEPT];
static void (*hook)(uint64_t n);
static uint64_t khz;

static void on_interrupt(struct trap_frame *t)
{
	uint64_t now = rdtsc(), n = ++hits[t->vector];

	if (t->vector == VEC_TIMER) {
		if (n <= TICKS_KEPT)
			ticks[n - 1] = now;
		if (hook)
			hook(n);
	}
	apic_write(APIC_EOI, 0);
}

static void forget(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
		hits[vectors[i]] = 0;
}

void timer_begin(void)
{
	khz = ghcb_tsc_khz();
	if (!khz)
		test_skip("the hypervisor does not tell the rate of the TSC");
	if (!apic_enable())
		test_skip("no x2APIC");
	forget();
	hook = NULL;
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
		trap_handler_set(vectors[i], on_interrupt);
}

/* What is pending is taken before the APIC goes, so that the next test finds none of it. */
void timer_end(void)
{
	hook = NULL;
	timer_stop();
	apic_write(APIC_TPR, 0);
	timer_pass(0);
	apic_disable();
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++)
		trap_handler_set(vectors[i], NULL);
}

void timer_hook(void (*fn)(uint64_t n))
{
	hook = fn;
}

void timer_mode(uint32_t mode)
{
	CHECK(apic_write(APIC_LVT_TIMER, mode | VEC_TIMER));
}

void timer_start(uint32_t mode, uint32_t count)
{
	apic_write(APIC_TDCR, APIC_DIVIDE_BY_1);
	timer_mode(mode);
	apic_write(APIC_TMICT, count);
}

void timer_stop(void)
{
	apic_write(APIC_LVT_TIMER, APIC_LVT_MASKED | VEC_TIMER);
	apic_write(APIC_TMICT, 0);
}

bool timer_deadline_set(uint64_t tsc)
{
	return ghcb_wrmsr(MSR_TSC_DEADLINE, tsc);
}

uint64_t timer_deadline(void)
{
	uint64_t v = 0;

	CHECK(ghcb_rdmsr(MSR_TSC_DEADLINE, &v));
	return v;
}

uint64_t timer_hits(uint8_t vector)
{
	return hits[vector];
}

uint64_t timer_tick(uint64_t n)
{
	return ticks[n - 1];
}

bool timer_requested(uint8_t vector)
{
	return apic_read(APIC_IRR + vector / 32) >> vector % 32 & 1;
}

bool timer_until(uint64_t n, unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	sti();
	while (hits[VEC_TIMER] < n && !smp_patience_over(&p))
		cpu_relax();
	cli();
	return hits[VEC_TIMER] >= n;
}

void timer_pass(uint64_t us)
{
	uint64_t end = rdtsc() + timer_ticks(us);

	sti();
	do
		cpu_relax();
	while (rdtsc() < end);
	/* No PAUSE: TCG keeps STI's shadow through it. */
	__asm__ volatile("nop\n\tnop" : : : "memory");
	cli();
}

void timer_hold(uint64_t us)
{
	uint64_t end = rdtsc() + timer_ticks(us);

	while (rdtsc() < end)
		cpu_relax();
}

void timer_settle(void)
{
	void (*kept)(uint64_t) = hook;
	uint64_t n = hits[VEC_TIMER];

	hook = NULL;
	timer_start(0, 1000000);
	while (hits[VEC_TIMER] == n)
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	timer_stop();
	hook = kept;
	forget();
}

bool timer_in_time(uint64_t start, uint64_t us)
{
	return rdtsc() - start < timer_ticks(us);
}

void timer_never(void (*fn)(void))
{
	struct patience p = smp_patience(60);
	uint64_t start;

	do {
		timer_settle();
		start = rdtsc();
		fn();
	} while (!timer_in_time(start, TIMER_NEVER_US) && !smp_patience_over(&p));
	timer_pass(TIMER_NEVER_US * 3 / 2);
	CHECK_EQ(timer_hits(VEC_TIMER), 0);
}

uint64_t timer_ticks(uint64_t us)
{
	return us * khz / 1000;
}

uint64_t timer_ns(uint64_t tsc)
{
	return tsc / khz * 1000000 + tsc % khz * 1000000 / khz;
}

void figure_add(struct figure *f, uint64_t sample)
{
	unsigned at = f->count;

	if (at == FIGURE_MAX)
		return;
	f->count++;
	for (; at > 0 && f->sample[at - 1] > sample; at--)
		f->sample[at] = f->sample[at - 1];
	f->sample[at] = sample;
}

void figure_report(struct figure *f, const char *key)
{
	REQUIRE(f->count);
	test_info(key, "%llu %llu %llu", (unsigned long long)f->sample[0],
		  (unsigned long long)f->sample[f->count / 2],
		  (unsigned long long)f->sample[f->count - 1]);
}
