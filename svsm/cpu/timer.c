/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Time at VMPL0: the TSC's rate, the uptime that services see, and the one timer of each CPU.
 * task/sched.c arms the timer at the start of each turn, user/process_run.c reports its
 * interrupts. The hypervisor is behind all of it, so no figure from here may decide anything but
 * how long something takes.
 */
#include "cpu/timer.h"
#include "base/x86.h"
#include "cpu/x2apic.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "platform/platform.h"

/* A TSC rate outside of this and TIMER_KHZ_MAX is a lie or a mistake. */
#define KHZ_MIN     100000u
#define KHZ_ASSUMED 2000000u

/* A deadline that has passed is delivered when ring 3 is entered next. If it is still missing when
 * so many turns have begun since, and so much later, the interrupt was lost. Short turns follow
 * each other faster than a busy host finds the time for an interrupt. */
#define OVERDUE_MAX 8
#define OVERDUE_NS  100000000ull

/* An attempt costs some exits, so after a refusal the next one comes at the earliest so much
 * later. */
#define AGAIN_NS 1000000ull

static PERCPU struct timer_cpu timer;
static uint64_t khz; /* set before the other CPUs start */
static uint64_t started;
static uint64_t latest; /* the last answer of timer_uptime_ns(), atomic */

/* ---- rate ---- */

static uint64_t khz_platform(void)
{
	return platform->tsc_khz();
}

/* Leaf 0x40000010, EAX: the TSC rate in kHz, by a convention of VMware that others follow. */
static uint64_t khz_hypervisor(void)
{
	uint32_t r[4];

	platform->cpuid(0x40000000, 0, r);
	if (r[0] < 0x40000010)
		return 0;
	platform->cpuid(0x40000010, 0, r);
	return r[0];
}

/* Leaf 0x15: crystal Hz (ECX) times EBX / EAX. Leaf 0x16, EAX: base frequency in MHz. */
static uint64_t khz_processor(void)
{
	uint32_t r[4];

	platform->cpuid(0x15, 0, r);
	if (r[0] && r[1] && r[2])
		return (uint64_t)r[2] * r[1] / r[0] / 1000;
	platform->cpuid(0x16, 0, r);
	return (r[0] & 0xffff) * 1000ull;
}

/* The first plausible answer counts. The most trustworthy source is asked first: SecureTSC's MSR
 * is the processor's own, the others are leaves of CPUID that a hypervisor may choose. */
static void find_rate(void)
{
	uint64_t (*const ask[])(void) = {khz_platform, khz_hypervisor, khz_processor};

	for (unsigned i = 0; i < ARRAY_LEN(ask); i++) {
		uint64_t v = ask[i]();

		if (v >= KHZ_MIN && v <= TIMER_KHZ_MAX) {
			khz = v;
			return;
		}
	}
	khz = KHZ_ASSUMED;
	log_warn("timer: the TSC's rate is unknown, %lu kHz is assumed", khz);
}

/* ---- time ---- */

uint64_t timer_khz(void)
{
	return khz;
}

uint64_t timer_now(void)
{
	return rdtsc();
}

/* Split into whole milliseconds and the rest, so that the product does not overflow. */
uint64_t timer_ns(uint64_t tsc)
{
	return tsc / khz * 1000000 + tsc % khz * 1000000 / khz;
}

uint64_t timer_ticks(uint64_t ns)
{
	uint64_t whole;

	if (__builtin_mul_overflow(ns / 1000000, khz, &whole))
		return UINT64_MAX;
	return __builtin_add_overflow(whole, ns % 1000000 * khz / 1000000, &whole) ? UINT64_MAX
										   : whole;
}

/* Any CPU. The TSCs of two CPUs may differ, so the answer is never less than the last one given to
 * anybody. */
uint64_t timer_uptime_ns(void)
{
	uint64_t ticks = timer_now() - started;
	uint64_t before = __atomic_load_n(&latest, __ATOMIC_RELAXED);
	/* A TSC that was set back behind our start would read as centuries: it counts as 0. */
	uint64_t now = (int64_t)ticks < 0 ? 0 : timer_ns(ticks);

	while (now > before)
		if (__atomic_compare_exchange_n(&latest, &before, now, false, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return now;
	return before;
}

/* ---- this CPU's timer ---- */

const struct timer_cpu *timer_this_cpu(void)
{
	return percpu_mine(&timer);
}

/* A refusal lasts for as long as the hypervisor likes, and no longer. One line in the log for the
 * whole life of the VM, because a guest that writes into GHCBs can cause it. */
static void refused(struct timer_cpu *t)
{
	static bool said;

	t->again = timer_now() + timer_ticks(AGAIN_NS);
	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_warn("timer: CPU %u: the hypervisor refused; services there are interrupted "
			 "again when it does not",
			 percpu_this()->index);
}

static bool switched_on(struct timer_cpu *t)
{
	if (!t->works)
		t->works = x2apic_switch_on();
	return t->works;
}

void timer_init_cpu(void)
{
	struct timer_cpu *t = percpu_mine(&timer);

	if (!percpu_this()->index) {
		find_rate();
		started = timer_now();
	}
	t->present = x2apic_present();
	if (t->present && !switched_on(t))
		refused(t);
}

bool timer_works(void)
{
	const struct timer_cpu *t = percpu_mine(&timer);

	return t->works && !t->again;
}

/* Whatever must be done before the timer can be set, of which some was refused before. False: not
 * now. */
static bool ready(struct timer_cpu *t)
{
	if (t->again && timer_now() < t->again)
		return false;
	if (!switched_on(t) || (t->eoi && !x2apic_eoi())) {
		refused(t);
		return false;
	}
	t->eoi = false;
	return true;
}

/* The exit to the hypervisor that sets the timer. */
static void set(struct timer_cpu *t, uint64_t tsc)
{
	t->overdue = 0;
	t->armed = 0;
	if (!ready(t))
		return;
	t->sets++;
	if (!x2apic_timer_set(tsc, khz)) {
		refused(t);
		return;
	}
	t->armed = tsc;
	t->again = 0;
}

/* The hypervisor did not deliver the interrupt, or has not carried out the EOI of the one before,
 * or somebody else took it out of the doorbell page: forget that the timer is armed, so that
 * timer_arm() sets it again, behind an EOI. One line in the log for the whole life of the VM. */
static void lost(struct timer_cpu *t)
{
	static bool said;

	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_warn("timer: CPU %u: an interrupt was lost, the timer is set again",
			 percpu_this()->index);
	t->armed = 0;
	t->eoi = true;
}

/* Asked once a turn. */
static bool overdue(struct timer_cpu *t)
{
	uint64_t now = timer_now();

	return t->armed && t->armed <= now && ++t->overdue > OVERDUE_MAX &&
	       now - t->armed > timer_ticks(OVERDUE_NS);
}

/* Lazy (cpu/timer.h): an exit only when nothing is armed or the new end comes before the armed
 * one. */
void timer_arm(uint64_t tsc)
{
	struct timer_cpu *t = percpu_mine(&timer);

	t->wanted = tsc;
	if (!t->present)
		return;
	if (overdue(t))
		lost(t);
	if (!t->armed || t->armed > tsc)
		set(t, tsc);
}

void timer_expired(void)
{
	struct timer_cpu *t = percpu_mine(&timer);

	t->fired++;
	t->armed = 0;
	t->eoi = !platform->eoi_spared() && !x2apic_eoi();
	if (t->eoi)
		refused(t);
}

/* Called for every interrupt in ring 3. When a turn with a later end has begun meanwhile, that end
 * is set now. */
bool timer_interrupt(void)
{
	struct timer_cpu *t = percpu_mine(&timer);

	timer_expired();
	if (t->present && t->wanted > timer_now())
		set(t, t->wanted);
	else
		t->wanted = 0;
	return !t->wanted;
}

/* Cheap where the timer works: it is asked for each system call. */
bool timer_over(void)
{
	struct timer_cpu *t = percpu_mine(&timer);

	if (!t->wanted)
		return false;
	if (t->wanted <= timer_now()) {
		t->wanted = 0;
		return true;
	}
	if (t->present && !t->armed)
		set(t, t->wanted);
	return false;
}
