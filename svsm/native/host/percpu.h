/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What each CPU has for itself, reached by GS. */
#include "host.h"

enum {
	IST_NMI = 1,
	IST_DF = 2,
	IST_MC = 3,
	IST_COUNT = 3,
};

/* APM vol. 2, 12.2.5 */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap;
} PACKED;
ABI_SIZE(struct tss, 104, "APM vol. 2, figure 12-8");

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
	struct tss tss;
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
/* Control registers as a Linux guest has them, so that a world switch flushes least (docs: facts).
 */
void desc_control_registers(void);
