/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A CPU's descriptors and stacks: GDT, TSS, and one IDT for all. APM vol. 2, 4.8, 8.2, 12.2.5.
 * Every vector has an IST stack, because RSP is the user's for an instant after SYSCALL and a
 * hypervisor may inject anything at any time. Below every stack lies a guard page.
 */
#include "base/x86_desc.h"

struct cpu;
struct vmsa;

enum ist {
	IST_NONE,
	IST_VC,
	IST_PF,
	IST_DF,
	IST_NMI,
	IST_HV,    /* its top word is a count: cpu/trap/hv.h */
	IST_OTHER, /* all others */
	IST_COUNT,
};

struct stack {
	uint64_t base; /* first usable byte; the guard page ends here. 0: no stack */
	uint64_t top;
};

struct cpu_desc {
	uint64_t gdt[7]; /* null, code, data, user data, user code, TSS (two) */
	struct x86_tss tss;
	struct stack main;           /* the CPU's ordinary stack */
	struct stack ist[IST_COUNT]; /* [IST_NONE] unused */
};

/* GDT and IDT of the boot CPU before memory is set up: exceptions stay on the current stack. */
void desc_init_early(struct cpu *c);
/* Allocate descriptors and guarded stacks for c. False: no memory. Needs final page tables. */
bool desc_alloc(struct cpu *c);
/* Load c's descriptors on this CPU (c must be this one). */
void desc_load(struct cpu *c);
/* Put c's descriptors into a VMSA that will start it. */
void desc_to_vmsa(const struct cpu *c, struct vmsa *v);
/* The stack of this CPU that holds addr, NULL when none does. */
const struct stack *desc_stack_of(const struct cpu *c, uint64_t addr);
