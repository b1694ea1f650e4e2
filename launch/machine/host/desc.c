/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Descriptor tables. The IDT is one for all CPUs and leads every vector to its stub in entry.S;
 * GDT, TSS and the GS base, by which a CPU finds its own data, are each CPU's. NMI, double fault
 * and machine check have stacks of their own, because what they interrupt may have no usable one.
 */
#include "machine/host/desc.h"
#include "machine/host/percpu.h"
#include "machine/layout.h"
#include "base/x86.h"

#define STUB_SIZE 32 /* entry.S aligns each stub so */

static struct x86_gate idt[256] ALIGNED(4096);
static uint8_t early_stack[4096] ALIGNED(16);

extern const char entry_stubs[];

static void set_gate(unsigned vector, uint8_t ist)
{
	uint64_t target = (uint64_t)entry_stubs + vector * STUB_SIZE;

	idt[vector] = x86_gate(target, HOST_CS, ist);
}

/* Also called where GS may still be the guest's: VMLOAD and VMSAVE move it around every VMRUN. */
void desc_set_gs(unsigned cpu)
{
	wrmsr(MSR_GS_BASE, (uint64_t)&percpus[cpu]);
}

static void fill_gdt(struct percpu *p)
{
	p->gdt[HOST_CS / 8] = X86_DESC_CODE;
	p->gdt[HOST_DS / 8] = X86_DESC_DATA;
	x86_desc_tss(&p->gdt[HOST_TSS / 8], &p->tss);
}

void desc_load(unsigned cpu)
{
	struct percpu *p = &percpus[cpu];
	struct x86_table g = {sizeof(p->gdt) - 1, (uint64_t)p->gdt};
	struct x86_table i = {sizeof(idt) - 1, (uint64_t)idt};

	p->self = p;
	p->cpu = cpu;
	p->tss.iomap = sizeof(p->tss);
	fill_gdt(p);
	__asm__ volatile("lgdt %0" : : "m"(g));
	__asm__ volatile("lidt %0" : : "m"(i));
	__asm__ volatile("ltr %w0" : : "r"(HOST_TSS));
	desc_set_gs(cpu);
}

/* All three interrupt stacks are one page here; a fault this early is reported once and ends the
 * run. */
void desc_early(void)
{
	for (unsigned v = 0; v < 256; v++)
		set_gate(v, 0);
	set_gate(VEC_NMI, IST_NMI);
	set_gate(VEC_DF, IST_DF);
	set_gate(VEC_MC, IST_MC);
	for (unsigned i = 0; i < IST_COUNT; i++)
		percpus[0].tss.ist[i] = (uint64_t)early_stack + sizeof(early_stack);
	desc_load(0);
}

void desc_control_registers(void)
{
	uint64_t cr4 = CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	uint32_t r[4];

	cpuid(7, 0, r);
	cr4 |= r[1] & BIT(0) ? CR4_FSGSBASE : 0;
	cr4 |= r[1] & BIT(7) ? CR4_SMEP : 0;
	cr4 |= r[1] & BIT(20) ? CR4_SMAP : 0;
	cr4 |= r[2] & BIT(2) ? CR4_UMIP : 0;
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	write_cr4(cr4);
}
