/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Bringing the CPUs up. CPU 0 copies the trampoline below 1 MiB, wakes all others at once by INIT
 * and SIPI, and waits until each has said that it is there; they then halt until the guests may
 * run.
 */
#include "machine/host/smp.h"
#include "machine/host/desc.h"
#include "machine/host/isr.h"
#include "machine/host/lapic.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/paging.h"
#include "machine/host/percpu.h"
#include "machine/host/upcall.h"
#include "machine/host/wait.h"
#include "machine/host_assert.h"
#include "machine/layout.h"
#include "base/x86.h"
#include "lib/string.h"

#define STACK_PAGES     8 /* a CPU's main stack */
#define STACK_IST_PAGES 2
#define STACKS_STRIDE   0x40000ull /* VA of one CPU's stacks */

/* The rate of the TSC is not known yet, so these may take some times longer (host/wait.h). */
#define INIT_TICKS (HOST_KHZ_MAX / 5) /* 0.2 ms from INIT to SIPI */
#define SIPI_MS    100                /* then again */
#define START_MS   20000              /* for all CPUs */

uint64_t smp_stacks[HOST_MAX_CPUS];               /* read by trampoline.S */
extern char trampoline_start[], trampoline_end[]; /* trampoline.S */
extern uint32_t trampoline_cr3;

static unsigned cpus = 1;
static uint32_t released;

NORETURN void smp_ap_main(unsigned cpu);

unsigned host_cpus(void)
{
	return cpus;
}

void host_kick(unsigned cpu)
{
	lapic_ipi(percpus[cpu].apic_id, VECTOR_KICK);
}

uint64_t smp_stack(unsigned cpu)
{
	return smp_stacks[cpu];
}

void smp_stacks_init(unsigned cpu)
{
	uint64_t va = STACKS_BASE + cpu * STACKS_STRIDE;

	smp_stacks[cpu] = paging_stack(&va, STACK_PAGES);
	for (unsigned i = 0; i < IST_COUNT; i++)
		percpus[cpu].tss.ist[i] = paging_stack(&va, STACK_IST_PAGES);
}

/*
 * Nobody here wants an SMI, but a device can send one to any CPU by a write to the APICs' window,
 * which no IOMMU stops (docs/fidelity.md). SeaBIOS has a handler for CPU 0; every other CPU would
 * run what lies behind its SMBASE. So each gets an SMBASE of its own in the first MiB, which is no
 * guest's, and a handler there that only returns. Guests are left for an SMI (snp/vmsa_swap.c), or
 * it would run in their memory. APM vol. 2, 10.2: the handler begins 0x8000 behind SMBASE, in 16
 * bits; the state is saved in the 512 bytes below 0x10000, and in it SMBASE at 0xff00, which RSM
 * takes from there.
 */
#define SMBASE  0x30000u /* at reset */
#define HANDLER 0x8000u
#define STEP    0x400u /* from CPU to CPU: handlers lie between the others' states */
#define MOVED   0x100u /* behind the handler at reset: a byte that says that it ran */
#define SMI_MS  5000

/* The handler that moves the CPU: its operand, and what the byte is set by, are put in. */
static const uint8_t mover[] = {
	0x66, 0x2e, 0xc7, 0x06, 0x00, 0xff, 0, 0, 0, 0, /* mov dword cs:[0xff00], SMBASE */
	0x2e, 0xc6, 0x06, 0x00, 0x81, 1,                /* mov byte cs:[0x8100], 1 */
	0x0f, 0xaa,                                     /* rsm */
};
#define MOVER_OPERAND 6

static const uint8_t rsm[] = {0x0f, 0xaa};

static uint32_t base_of(unsigned cpu)
{
	return SMBASE + cpu * STEP;
}

static uint8_t *handler(unsigned cpu)
{
	return host_ptr(hpa(base_of(cpu) + HANDLER));
}

/* No CPU is number 0 here: that one has SeaBIOS's, and what an INIT leaves a CPU with. */
static void smm_init(void)
{
	for (unsigned cpu = 0; cpu < HOST_MAX_CPUS; cpu++)
		memcpy(handler(cpu), rsm, sizeof(rsm));
}

/* On that CPU, while its APIC has the ID that QEMU has given it; one CPU at a time. */
static void smm_move(unsigned cpu)
{
	struct patience p = host_patience(SMI_MS);
	uint32_t base = base_of(cpu);
	volatile uint8_t *moved = handler(0) + MOVED;

	*moved = 0;
	memcpy(handler(0), mover, sizeof(mover));
	memcpy(handler(0) + MOVER_OPERAND, &base, sizeof(base));
	lapic_smi(cpu);
	while (!*moved)
		HOST_ASSERT(!host_patience_over(&p));
	memcpy(handler(0), rsm, sizeof(rsm));
}

static void wait_init(void)
{
	uint64_t start = rdtsc();

	while (rdtsc() - start < INIT_TICKS)
		cpu_relax();
}

/* The first CPU that has not come up yet; the number of CPUs when all have. */
static unsigned first_missing(void)
{
	unsigned i;

	for (i = 1; i < cpus; i++) {
		if (!__atomic_load_n(&percpus[i].online, __ATOMIC_ACQUIRE))
			break;
	}
	return i;
}

/* False after SIPI_MS: the caller sends the SIPI again. */
static bool wait_online(struct patience *all)
{
	struct patience p = host_patience(SIPI_MS);

	while (first_missing() < cpus) {
		if (host_patience_over(&p))
			return false;
		if (host_patience_over(all))
			host_fault("CPU %u did not start (APIC IDs must be 0 to %u)",
				   first_missing(), cpus - 1);
		cpu_relax();
	}
	return true;
}

/* The page tables that the CPUs start on are this CPU's, with the low 2 MiB mapped 1:1 for the
 * way in. */
static void place_trampoline(void)
{
	uint64_t start = (uint64_t)trampoline_start, at = (uint64_t)&trampoline_cr3 - start;
	uint8_t *copy = host_ptr(hpa(TRAMPOLINE_PA));

	memcpy(copy, trampoline_start, (uint64_t)trampoline_end - start);
	*(uint32_t *)(copy + at) = (uint32_t)read_cr3();
	paging_identity(true);
}

static void remove_trampoline(void)
{
	paging_identity(false);
	memset(host_ptr(hpa(TRAMPOLINE_PA)), 0, PAGE_SIZE);
}

void smp_start(void)
{
	struct patience all = host_patience(START_MS);

	cpus = fwcfg_cpus();
	if (cpus < 2 || cpus > HOST_MAX_CPUS)
		host_fault("%u CPUs: give QEMU one more than the guest has, 2 to %u", cpus,
			   HOST_MAX_CPUS);
	percpus[0].online = 1;
	percpus[0].apic_id = cpus - 1;
	for (unsigned i = 1; i < cpus; i++) {
		percpus[i].apic_id = i - 1;
		smp_stacks_init(i);
	}
	smm_init();
	place_trampoline();
	lapic_init_others();
	wait_init();
	do
		lapic_sipi_others(TRAMPOLINE_PA >> PAGE_SHIFT);
	while (!wait_online(&all));
	remove_trampoline();
	/* last: "all others" leaves out the CPU that QEMU has given the sender's ID */
	lapic_set_id(percpus[0].apic_id);
}

void smp_release(void)
{
	__atomic_store_n(&released, 1, __ATOMIC_RELEASE);
	for (unsigned i = 1; i < cpus; i++)
		host_kick(i);
}

bool smp_released(void)
{
	return __atomic_load_n(&released, __ATOMIC_ACQUIRE);
}

/* One after the other: until it has been moved a CPU has the SMBASE of all. CPU 0 gives up when
 * this takes too long. */
static void take_turn(unsigned cpu)
{
	while (!__atomic_load_n(&percpus[cpu - 1].online, __ATOMIC_ACQUIRE))
		cpu_relax();
}

/* Called from trampoline.S, on the CPU's own stack. */
void smp_ap_main(unsigned cpu)
{
	desc_load(cpu);
	desc_control_registers();
	lapic_init();
	take_turn(cpu);
	smm_move(cpu);
	lapic_set_id(percpus[cpu].apic_id);
	__atomic_store_n(&percpus[cpu].online, 1, __ATOMIC_RELEASE);
	while (!smp_released())
		host_halt();
	write_cr3(read_cr3()); /* forget the trampoline's mapping */
	upcall_cpu_main(cpu);
}
