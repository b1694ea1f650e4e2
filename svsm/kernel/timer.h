/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Time at VMPL0: the TSC and its rate, and one timer a CPU, which interrupts ring 3 (the only place
 * with IF=1). The hypervisor provides both and is not trusted with them: a wrong rate makes slices
 * longer or shorter, nothing else. A timer that never fires is logged once and services then run to
 * their end.
 */
#include "base/types.h"

void timer_init_cpu(void);         /* each CPU, after platform->cpu_init: x2APIC on, LVT set */
bool timer_works(void);            /* there is an x2APIC timer with a TSC deadline */
uint64_t timer_now(void);          /* TSC ticks */
uint64_t timer_ns(uint64_t tsc);   /* ticks to ns */
uint64_t timer_ticks(uint64_t ns); /* ns to ticks */
uint64_t timer_uptime_ns(void);    /* since the SVSM started; never goes back on one CPU */

/* Interrupt this CPU's ring 3 at that TSC value or soon after. Lazy: an earlier deadline that is
 * still armed is left alone; timer_interrupt() sets it anew. */
void timer_arm(uint64_t tsc);
/* The vector came in: EOI, re-arm if the wanted deadline is still ahead. */
void timer_interrupt(void);

#define TIMER_VECTOR 0xf0
