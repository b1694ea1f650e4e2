/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What each CPU has for itself, reached by GS. */
#include "machine/host/host.h"
#include "base/x86_desc.h"

enum {
	IST_NMI = 1,
	IST_DF = 2,
	IST_MC = 3,
	IST_COUNT = 3,
};

#define LEVEL_MAX 16 /* one in service per priority class */

struct percpu {
	struct percpu *self; /* first: what %gs:0 reads */
	unsigned cpu;
	uint32_t online;
	uint32_t stopped; /* stands still for host_exit */
	unsigned fault_depth;
	uint64_t deadline; /* of the timer; 0: not armed */
	unsigned levels;   /* level interrupts in service, in the order taken */
	struct {
		uint8_t vector;
		bool done;
	} level[LEVEL_MAX];
	struct x86_tss tss;
	uint64_t gdt[5] ALIGNED(16);
};

extern struct percpu percpus[HOST_MAX_CPUS];

static inline struct percpu *percpu(void)
{
	struct percpu *p;

	__asm__("mov %%gs:0, %0" : "=r"(p));
	return p;
}

/* desc.c: GDT, TSS, IDT and GS base of this CPU; IST stacks as in the TSS by then. */
void desc_early(void); /* CPU 0, before there are stacks */
void desc_load(unsigned cpu);
void desc_set_gs(unsigned cpu);
/* As a Linux guest has them: each that differs costs a TLB flush a switch (docs/field-notes.md). */
void desc_control_registers(void);
