/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Descriptors, the common exception handler, and the catches of expected faults. */
#include "bare/lib/trap.h"
#include "bare/lib/ghcb.h"
#include "abi/vmsa.h"
#include "base/x86_desc.h"
#include "lib/string.h"

#define GDT_ENTRIES (5 + 2 * PERCPU_COUNT)
#define STACK_SIZE  0x4000
#define IST_COUNT   3
#define IST_DF      3

extern uint8_t trap_stubs[];

static struct x86_gate idt[256] ALIGNED(16);
static uint64_t gdt[GDT_ENTRIES] ALIGNED(16);
static struct x86_tss tss[PERCPU_COUNT] ALIGNED(16);
static uint8_t ist_stack[PERCPU_COUNT][IST_COUNT][STACK_SIZE] ALIGNED(16);
static uint8_t rsp0_stack[PERCPU_COUNT][STACK_SIZE] ALIGNED(16);
static trap_handler_fn handlers[256];
static void (*unexpected)(const struct trap_frame *t);
volatile uint64_t trap_count[256];

uint64_t trap_ist_top(unsigned cpu, unsigned ist)
{
	return (uint64_t)ist_stack[cpu][ist - 1] + STACK_SIZE;
}

/* Each vCPU has stacks of its own: one for entries from ring 3, and one for each IST slot. */
static void tss_set(unsigned cpu)
{
	tss[cpu].rsp[0] = (uint64_t)rsp0_stack[cpu] + STACK_SIZE;
	for (unsigned i = 1; i <= IST_COUNT; i++)
		tss[cpu].ist[i - 1] = trap_ist_top(cpu, i);
	tss[cpu].iomap = sizeof(struct x86_tss);
}

void trap_idt_ist_set(uint8_t vector, uint8_t ist)
{
	idt[vector].ist = ist;
}

/* Between tests: no test may inherit another one's handlers, IST slots, or expected fault. */
void trap_reset(void)
{
	fault_release();
	for (unsigned i = 0; i < 256; i++) {
		trap_handler_set((uint8_t)i, NULL);
		trap_idt_ist_set((uint8_t)i, i == VEC_DF ? IST_DF : 0);
	}
}

/* Tables for all vCPUs, built once by the boot vCPU. trap_cpu_init() loads them on each. */
void trap_init(void)
{
	gdt[SEL_KCODE / 8] = X86_DESC_CODE;
	gdt[SEL_KDATA / 8] = X86_DESC_DATA;
	gdt[SEL_UDATA / 8] = X86_DESC_USER_DATA;
	gdt[SEL_UCODE / 8] = X86_DESC_USER_CODE;
	for (unsigned i = 0; i < PERCPU_COUNT; i++) {
		tss_set(i);
		x86_desc_tss(&gdt[SEL_TSS / 8 + 2 * i], &tss[i]);
	}
	for (unsigned i = 0; i < 256; i++)
		idt[i] = x86_gate((uint64_t)trap_stubs + i * 16, SEL_KCODE, 0);
	trap_idt_ist_set(VEC_DF, IST_DF);
}

/*
 * Loads the descriptor tables and every segment register. The far return reloads CS; the task
 * register tells percpu() which vCPU this is.
 */
void trap_cpu_init(unsigned cpu)
{
	struct x86_table g = {sizeof(gdt) - 1, (uint64_t)gdt};
	struct x86_table i = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %3, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%fs\n\t"
			 "movl %%eax, %%gs\n\t"
			 :
			 : "m"(g), "m"(i), "i"(SEL_KCODE), "i"(SEL_KDATA)
			 : "rax", "memory");
	__asm__ volatile("ltr %0" : : "r"((uint16_t)(SEL_TSS + 16 * cpu)));
}

static struct vmsa_seg vmsa_seg(uint16_t selector, uint16_t attrib, uint32_t limit, uint64_t base)
{
	return (struct vmsa_seg){
		.selector = selector, .attrib = attrib, .limit = limit, .base = base};
}

void trap_fill_vmsa(struct vmsa *v, unsigned cpu)
{
	v->cs = vmsa_seg(SEL_KCODE, 0xa9b, 0xffffffff, 0);
	v->ds = v->es = v->ss = vmsa_seg(SEL_KDATA, 0xc93, 0xffffffff, 0);
	v->fs = v->gs = vmsa_seg(0, 0, 0, 0);
	v->gdtr = vmsa_seg(0, 0, sizeof(gdt) - 1, (uint64_t)gdt);
	v->idtr = vmsa_seg(0, 0, sizeof(idt) - 1, (uint64_t)idt);
	v->ldtr = vmsa_seg(0, 0x82, 0xffff, 0);
	v->tr = vmsa_seg((uint16_t)(SEL_TSS + 16 * cpu), 0x8b, sizeof(struct x86_tss) - 1,
			 (uint64_t)&tss[cpu]);
}

void trap_handler_set(uint8_t vector, trap_handler_fn fn)
{
	WRITE_ONCE(handlers[vector], fn);
}

void trap_unexpected_set(void (*fn)(const struct trap_frame *t))
{
	unexpected = fn;
}

/*
 * Tail of fault_save (entry.S), which has stored where to go on. From now on an exception of this
 * vCPU comes back there. Returns 0: there was no fault yet.
 */
uint64_t fault_arm(struct fault *f);
uint64_t fault_arm(struct fault *f)
{
	f->hit = false;
	f->vector = FAULT_NONE;
	f->error = f->cr2 = f->rip = f->cs = f->rflags = f->rsp = f->handler_rsp = 0;
	percpu()->catching = f;
	return 0;
}

void fault_release(void)
{
	percpu()->catching = NULL;
}

/*
 * Runs fn and returns the vector that it raised, FAULT_NONE for none. After a fault what fn has on
 * its stack is gone.
 */
uint8_t fault_call(struct fault *f, void (*fn)(void *), void *arg)
{
	if (FAULT_CATCH(f)) {
		fn(arg);
		fault_release();
	}
	return f->vector;
}

/* What a test may want to know about the fault, as the processor left it. */
static void fault_record(struct fault *f, const struct trap_frame *t)
{
	f->hit = true;
	f->vector = (uint8_t)t->vector;
	f->error = t->error;
	f->cr2 = read_cr2();
	f->rip = t->rip;
	f->cs = t->cs;
	f->rflags = t->rflags;
	f->rsp = t->rsp;
	f->handler_rsp = (uint64_t)&t->error;
}

/*
 * Makes the frame return to behind FAULT_CATCH, as if fault_save had returned 1. DS and ES may be
 * ring 3's.
 */
static void fault_resume(const struct fault *f, struct trap_frame *t)
{
	t->rax = 1;
	t->rbx = f->save_rbx;
	t->rbp = f->save_rbp;
	t->r12 = f->save_r12;
	t->r13 = f->save_r13;
	t->r14 = f->save_r14;
	t->r15 = f->save_r15;
	t->rsp = f->save_rsp;
	t->rip = f->save_rip;
	t->cs = SEL_KCODE;
	t->ss = SEL_KDATA;
	t->rflags = RFLAGS_R1;
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es" : : "r"(SEL_KDATA));
}

static NORETURN void nobody_waited(const struct trap_frame *t)
{
	if (unexpected)
		unexpected(t);
	ghcb_terminate(0, 0); /* there is nobody to tell yet */
}

/*
 * From entry.S, for every vector. A test's handler comes first. An interrupt without one is counted
 * only; an exception without one is either expected or the end of the test.
 */
void trap_dispatch(struct trap_frame *t);
void trap_dispatch(struct trap_frame *t)
{
	struct percpu *c = percpu();
	struct fault *f = c->catching;
	trap_handler_fn fn = READ_ONCE(handlers[t->vector]);

	if (fn) {
		fn(t);
		return;
	}
	if (t->vector >= 32) {
		__atomic_fetch_add(&trap_count[t->vector], 1, __ATOMIC_RELAXED);
		return;
	}
	if (!f)
		nobody_waited(t);
	c->catching = NULL;
	fault_record(f, t);
	fault_resume(f, t);
}
