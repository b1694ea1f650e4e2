/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The stub that runs at a lower VMPL: one operation for each RUN_VMPL (vmplstub.h). */
#include "bare/machine/vmplstub.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/trap.h"

void vmplstub_registers(struct vmplstub *s);

/* Leaves this VMPL by the MSR protocol, which needs no page; comes back with the next RUN_VMPL. */
static void to_vmpl0(void)
{
	ghcb_msr(GHCB_MSR_RUN_VMPL_REQ);
}

static void instruction(struct vmplstub *s)
{
	static struct fault f;

	if (FAULT_CATCH(&f)) {
		s->result = s->op == VMPLSTUB_RMPADJUST
				    ? rmpadjust(s->address, RMP_PG_4K, s->attributes)
				    : pvalidate(s->address, RMP_PG_4K, 0, NULL);
		fault_release();
	}
	s->vector = f.vector;
}

/* Loads a register, lets VMPL0 run, and reports what it then finds: each VMPL must have its own. */
static void sse(struct vmplstub *s)
{
	static uint64_t v[2] = {VMPLSTUB_XMM, VMPLSTUB_XMM};

	__asm__ volatile("movups %0, %%xmm5" : : "m"(v));
	to_vmpl0();
	__asm__ volatile("movups %%xmm5, %0" : "=m"(s->xmm));
}

/* The same for system registers: segment bases and CR2. */
static void system_registers(struct vmplstub *s)
{
	wrmsr(MSR_GS_BASE, VMPLSTUB_GS);
	wrmsr(MSR_KERNEL_GS_BASE, 1);
	wrmsr(MSR_FS_BASE, 2);
	__asm__ volatile("mov %0, %%cr2" : : "r"((uint64_t)VMPLSTUB_CR2));
	to_vmpl0();
	s->rbx = rdmsr(MSR_GS_BASE);
	s->r9 = read_cr2();
	wrmsr(MSR_GS_BASE, 0);
}

/* The same for XCR0, which is switched on by CR4. */
static void xcr0(struct vmplstub *s)
{
	uint32_t low, high;

	write_cr4(read_cr4() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" : : "c"(0), "a"(3), "d"(0));
	to_vmpl0();
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	s->result = (uint64_t)high << 32 | low;
}

/* The other vCPU changes the same page in each round. Only refusals are counted. */
static void race(struct vmplstub *s)
{
	for (unsigned i = 0; smp_round(i); i++)
		s->result += rmpadjust(s->address, RMP_PG_4K, s->attributes) != SNP_SUCCESS;
}

/* At each VMPL the hypervisor wants the GHCB's page registered. */
static void call(struct vmplstub *s)
{
	ghcb_cpu_init();
	((void (*)(void))s->address)();
}

static void once(struct vmplstub *s)
{
	switch (s->op) {
	case VMPLSTUB_REGISTERS:
		vmplstub_registers(s);
		break;
	case VMPLSTUB_SSE:
		sse(s);
		break;
	case VMPLSTUB_SYSTEM:
		system_registers(s);
		break;
	case VMPLSTUB_XCR0:
		xcr0(s);
		break;
	case VMPLSTUB_RMPADJUST:
	case VMPLSTUB_PVALIDATE:
		instruction(s);
		break;
	case VMPLSTUB_READ:
		s->result = *(volatile uint64_t *)s->address;
		break;
	case VMPLSTUB_WRITE:
		*(volatile uint8_t *)s->address = 0xc3;
		break;
	case VMPLSTUB_EXECUTE:
		((void (*)(void))s->address)();
		break;
	case VMPLSTUB_GHCB_MSR:
		s->result = rdmsr(MSR_GHCB);
		break;
	case VMPLSTUB_CALL:
		call(s);
		break;
	case VMPLSTUB_RACE:
		race(s);
		break;
	default:
		break;
	}
}

/* The per-vCPU catch slot is shared with VMPL0, which has none armed while it is away. */
void vmplstub_entry(void *arg)
{
	struct vmplstub *s = arg;

	for (;;) {
		once(s);
		s->runs++;
		to_vmpl0();
	}
}
