/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What each CPU has for itself, reached by GS. */
#include "base/x86_desc.h"
#include "machine/layout.h"

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
	uint32_t apic_id; /* by which interrupts reach it; after smp_start() */
	uint32_t online;
	uint32_t stopped; /* stands still for good: park.c */
	unsigned fault_depth;
	uint64_t deadline; /* of the timer; 0: not armed */
	unsigned taken;    /* the vector of the last interrupt, for irq_cause(); 0: none since */
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

unsigned host_cpu(void); /* the number of this CPU */
