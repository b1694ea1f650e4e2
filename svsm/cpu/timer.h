/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Time at VMPL0: the TSC and its rate, and one timer a CPU, which interrupts ring 3 (the only place
 * with IF=1). The hypervisor provides both and is not trusted with them: a wrong rate makes slices
 * longer or shorter, nothing else. A timer that never fires is logged once and services then run to
 * their end.
 *
 * Each exit to the hypervisor costs more than a short TPM command, so the timer is lazy. A slice
 * that ends early leaves it armed; the next slice, whose end lies later, does not touch it; when it
 * fires meanwhile, timer_interrupt() sets the end that is wanted now. Commands in a row cost three
 * exits (fire, EOI, arm) in a slice's length, however many they are.
 */
#include "base/types.h"
#include "cpu/vectors.h"

/* One a CPU; its own CPU's only. */
struct timer_cpu {
	bool works;
	uint64_t armed;   /* TSC, 0: not armed */
	uint64_t wanted;  /* TSC of the last timer_arm, 0: fired */
	uint32_t overdue; /* slices that began with `armed` in the past */
	uint32_t sets;    /* exits to arm it, and */
	uint32_t fired;   /* interrupts: statistics */
};

void timer_init_cpu(void); /* each CPU, after platform->cpu_init; the boot CPU first */
const struct timer_cpu *timer_this_cpu(void); /* for tests and statistics */
bool timer_works(void);                       /* this CPU has a timer */
uint64_t timer_khz(void);                     /* the TSC's rate as far as we know it */
uint64_t timer_now(void);                     /* TSC ticks */
uint64_t timer_ns(uint64_t tsc);              /* ticks to ns */
uint64_t timer_ticks(uint64_t ns);            /* ns to ticks; at most UINT64_MAX */
/* Since the SVSM started; never goes back, whatever CPU asks and whatever becomes of the TSC. */
uint64_t timer_uptime_ns(void);

/* Interrupt this CPU's ring 3 at that TSC value or soon after. Lazy: an earlier deadline that is
 * still armed is left alone; timer_interrupt() sets it anew. */
void timer_arm(uint64_t tsc);
/* An interrupt came in, whatever its vector (the hypervisor may invent any): EOI, re-arm if the
 * wanted deadline is still ahead. */
void timer_interrupt(void);
