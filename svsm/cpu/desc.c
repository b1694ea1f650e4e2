/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Descriptor tables and stacks of each CPU. boot/main.c builds and loads those of the boot CPU;
 * those of another CPU are built beforehand and reach it through its VMSA. All CPUs share one IDT.
 * Nothing here is ever freed: a CPU that does not come up is left out for good.
 */
#include "cpu/desc.h"
#include "abi/vmsa.h"
#include "base/x86.h"
#include "mm/layout.h"
#include "mm/paging.h"
#include "mm/alloc.h"
#include "log/log.h"
#include "cpu/percpu.h"

#define VECTORS    256
#define STUB_SIZE  32 /* cpu/trap/entry.S */
#define MAIN_ORDER 3  /* 28 KiB and the guard page */
#define IST_ORDER  2  /* 12 KiB and the guard page */

extern const char entry_stubs[];
extern const char hv_entry[]; /* cpu/trap/hv_entry.S */

static struct x86_gate idt[VECTORS];
static struct cpu_desc boot_desc;

/* #VC, #PF, #DF, NMI and #HV may strike while another vector is being handled, so each has a stack
 * of its own. The other vectors share one. */
static enum ist ist_of(unsigned vector)
{
	switch (vector) {
	case VEC_VC:
		return IST_VC;
	case VEC_PF:
		return IST_PF;
	case VEC_DF:
		return IST_DF;
	case VEC_NMI:
		return IST_NMI;
	case VEC_HV:
		return IST_HV;
	default:
		return IST_OTHER;
	}
}

/* Without IST stacks an exception is handled on the interrupted stack: early in boot there is no
 * other. */
static void idt_fill(bool with_ist)
{
	for (unsigned v = 0; v < VECTORS; v++) {
		uint64_t at = (uint64_t)entry_stubs + STUB_SIZE * v;

		idt[v] = x86_gate(at, SEL_CODE, with_ist ? ist_of(v) : 0);
	}
	if (with_ist) /* its entry counts on top of its stack */
		idt[VEC_HV] = x86_gate((uint64_t)hv_entry, SEL_CODE, IST_HV);
}

static void gdt_fill(struct cpu_desc *d)
{
	d->gdt[SEL_CODE / 8] = X86_DESC_CODE;
	d->gdt[SEL_DATA / 8] = X86_DESC_DATA;
	d->gdt[SEL_USER_DATA / 8] = X86_DESC_USER_DATA;
	d->gdt[SEL_USER_CODE / 8] = X86_DESC_USER_CODE;
	x86_desc_tss(&d->gdt[SEL_TSS / 8], &d->tss);
	d->tss.iomap = sizeof(d->tss);
	d->tss.rsp[0] = d->main.top;
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		d->tss.ist[i - 1] = d->ist[i].top;
}

/* Loads GDT, IDT, segment registers, TR and LDTR. CS is loaded by a far return. */
static void load_tables(struct cpu_desc *d)
{
	struct x86_table g = {sizeof(d->gdt) - 1, (uint64_t)d->gdt};
	struct x86_table i = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lgdt %0\n"
			 "lidt %1\n"
			 "pushq %2\n"
			 "leaq 1f(%%rip), %%rax\n"
			 "pushq %%rax\n"
			 "lretq\n"
			 "1: movl %3, %%ss\n"
			 "movl %3, %%ds\n"
			 "movl %3, %%es\n"
			 "ltr %w4\n"
			 "lldt %w5\n" /* no LDT: ring 3 can name one in a selector */
			 :
			 : "m"(g), "m"(i), "i"(SEL_CODE), "r"(SEL_DATA), "r"(SEL_TSS), "r"(0)
			 : "rax", "memory");
}

/* The TSS of boot_desc has no stacks yet, so the gates must not name any. */
void desc_init_early(struct cpu *c)
{
	c->desc = &boot_desc;
	gdt_fill(&boot_desc);
	idt_fill(false);
	load_tables(&boot_desc);
}

/* The lowest page of the block becomes the guard page, so an overflow faults instead of
 * going on. */
static bool stack_alloc(struct stack *s, unsigned order)
{
	char *p = alloc_pages(order);

	if (!p)
		return false;
	paging_set(p, PAGING_GUARD);
	s->base = (uint64_t)p + PAGE_SIZE;
	s->top = (uint64_t)p + (PAGE_SIZE << order);
	return true;
}

bool desc_alloc(struct cpu *c)
{
	struct cpu_desc *d = alloc(sizeof(*d));

	if (!d || !stack_alloc(&d->main, MAIN_ORDER))
		return false;
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		if (!stack_alloc(&d->ist[i], IST_ORDER))
			return false;
	d->ist[IST_HV].top -= 16; /* room for the count, with the alignment of a stack */
	gdt_fill(d);
	c->desc = d;
	return true;
}

/* The gates get their IST stacks last, when TR is loaded and names them. */
void desc_load(struct cpu *c)
{
	load_tables(c->desc);
	idt_fill(true);
}

/* The hidden parts of the segment registers, which a VMSA has to spell out. They say the same as
 * the descriptors of gdt_fill(); attributes are in VMCB form. */
void desc_to_vmsa(const struct cpu *c, struct vmsa *v)
{
	const struct cpu_desc *d = c->desc;
	struct vmsa_seg data = {SEL_DATA, 0xc93, 0xffffffff, 0};

	v->es = v->ss = v->ds = data;
	v->fs = v->gs = (struct vmsa_seg){0, 0, 0, 0};
	v->gs.base = (uint64_t)c;
	v->cs = (struct vmsa_seg){SEL_CODE, 0xa9b, 0xffffffff, 0};
	v->gdtr = (struct vmsa_seg){0, 0, sizeof(d->gdt) - 1, (uint64_t)d->gdt};
	v->idtr = (struct vmsa_seg){0, 0, sizeof(idt) - 1, (uint64_t)idt};
	v->ldtr = (struct vmsa_seg){0, 0x82, 0, 0};
	v->tr = (struct vmsa_seg){SEL_TSS, 0x8b, sizeof(d->tss) - 1, (uint64_t)&d->tss};
	v->rsp = d->main.top - 8; /* as after a call */
}

/* The top counts as inside: it is the RSP of an empty stack. */
static bool holds(const struct stack *s, uint64_t addr)
{
	return s->base && addr >= s->base && addr <= s->top;
}

const struct stack *desc_stack_of(const struct cpu *c, uint64_t addr)
{
	const struct cpu_desc *d = c->desc;

	if (!d)
		return NULL;
	if (holds(&d->main, addr))
		return &d->main;
	for (unsigned i = IST_VC; i < IST_COUNT; i++)
		if (holds(&d->ist[i], addr))
			return &d->ist[i];
	return NULL;
}
