/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The driver of VMPL0's own local APIC, which the hypervisor emulates: the interrupt that ends a
 * turn of ring 3 and the NMI that wakes a sleeping CPU. cpu/timer.c and task/wake.c are the
 * callers. Every access is an exit by the platform's msr_read or msr_write, and the hypervisor may
 * ignore it.
 */
#include "cpu/x2apic.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "log/log.h"
#include "cpu/percpu.h"
#include "cpu/vectors.h"
#include "platform/platform.h"

/* MSR_X2APIC_BASE + MMIO offset / 16: APM vol. 2, table 16-6 */
#define X2APIC_TPR       0x808
#define X2APIC_EOI       0x80b
#define X2APIC_SVR       0x80f
#define X2APIC_ICR       0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_TMICT     0x838
#define X2APIC_TDCR      0x83e

#define BASE_X2APIC      BIT(10) /* EXTD */
#define BASE_ENABLE      BIT(11)
#define SVR_ENABLE       BIT(8)
#define LVT_DEADLINE     BIT(18) /* TSC deadline mode; one-shot when clear */
#define DIVIDE_BY_1      0xb
#define ICR_NMI          (4u << 8 | BIT(14))

#define F1_ECX_X2APIC    BIT(21)
#define F1_ECX_DEADLINE  BIT(24)

/* Without TSC deadline mode the timer counts ticks of the APIC's bus. When the hypervisor does not
 * tell their rate, a tick is taken for a nanosecond, as KVM has it. */
#define BUS_KHZ_ASSUMED 1000000
#define BUS_KHZ_MAX     10000000

/* The same on all CPUs: the boot CPU finds out before the others start. */
static bool deadline_mode;
static uint64_t bus_khz;

static void detect(void)
{
	uint32_t r[4];

	platform->cpuid(1, 0, r);
	deadline_mode = r[2] & F1_ECX_DEADLINE;
	platform->cpuid(0x40000010, 0, r);
	bus_khz = r[1] && r[1] <= BUS_KHZ_MAX ? r[1] : BUS_KHZ_ASSUMED;
}

/* The task priority holds back every vector below the timer's class of 16: a guest may aim a
 * device's interrupt at any CPU. */
static bool mode_on(void)
{
	uint64_t base;

	return platform->msr_read(MSR_APIC_BASE, &base) &&
	       platform->msr_write(MSR_APIC_BASE, base | BASE_ENABLE | BASE_X2APIC) &&
	       platform->msr_write(X2APIC_SVR, SVR_ENABLE | SPURIOUS_VECTOR) &&
	       platform->msr_write(X2APIC_TPR, (TIMER_VECTOR & 0xf0) - 0x10);
}

static bool set_timer_entry(void)
{
	if (deadline_mode)
		return platform->msr_write(X2APIC_LVT_TIMER, LVT_DEADLINE | TIMER_VECTOR);
	return platform->msr_write(X2APIC_TDCR, DIVIDE_BY_1) &&
	       platform->msr_write(X2APIC_LVT_TIMER, TIMER_VECTOR);
}

bool x2apic_present(void)
{
	const char *why = NULL;
	uint32_t r[4];

	if (!percpu_this()->index)
		detect();
	platform->cpuid(1, 0, r);
	if (!(r[2] & F1_ECX_X2APIC))
		why = "CPUID has none";
	else if (!platform->has_interrupts())
		why = "interrupts come by #HV only, and there is no doorbell";
	if (why)
		log_warn("apic: CPU %u: no x2APIC for VMPL0: %s", percpu_this()->index, why);
	return !why;
}

bool x2apic_switch_on(void)
{
	return mode_on() && set_timer_entry();
}

/* A deadline or count of 0 would disarm the timer, so 1 is the least. The one-shot count is
 * bounded by a second, which keeps the product below 2^64. */
bool x2apic_timer_set(uint64_t tsc, uint64_t tsc_khz)
{
	uint64_t now = rdtsc(), ahead, count;

	if (deadline_mode)
		return platform->msr_write(MSR_TSC_DEADLINE, MAX(tsc, 1ull));
	ahead = MIN(tsc > now ? tsc - now : 0, tsc_khz * 1000);
	count = ahead * bus_khz / tsc_khz;
	return platform->msr_write(X2APIC_TMICT, MAX(MIN(count, (uint64_t)UINT32_MAX), 1ull));
}

bool x2apic_eoi(void)
{
	return platform->msr_write(X2APIC_EOI, 0);
}

bool x2apic_send_nmi(uint32_t apic_id)
{
	return platform->msr_write(X2APIC_ICR, (uint64_t)apic_id << 32 | ICR_NMI);
}
