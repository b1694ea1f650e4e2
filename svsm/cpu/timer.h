/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Time at VMPL0: the TSC and its rate, and one timer a CPU, which interrupts ring 3 (the only code
 * that runs with IF=1). The hypervisor provides both and is not trusted with them: a wrong rate
 * makes turns longer or shorter, nothing else. While it refuses the timer, or the interrupt does
 * not come, a turn ends at the process's first system call after its end (timer_over()), and the
 * timer is tried again in each turn; the log has one line about it.
 *
 * Each exit to the hypervisor costs more than a short TPM command, so the timer is lazy. A turn
 * that ends early leaves it armed. The next turn, whose end lies later, does not touch it. When it
 * fires during that turn, timer_interrupt() sets the end that is wanted now. Commands in a row
 * cost three exits (the interrupt, EOI, the new deadline) per SCHED_TURN_NS, however many they
 * are.
 */
#include "base/types.h"
#include "cpu/vectors.h"

#define TIMER_KHZ_MAX 10000000u /* a TSC rate above is a lie or a mistake */

/* One per CPU. Only that CPU touches it. */
struct timer_cpu {
	bool present;     /* there is an APIC that can be used; fixed */
	bool works;       /* it is switched on */
	bool eoi;         /* an EOI is owed, without which no further interrupt comes */
	uint64_t again;   /* TSC: after a refusal not asked again before; 0: no refusal */
	uint64_t armed;   /* TSC, 0: not armed */
	uint64_t wanted;  /* TSC of the last timer_arm, 0: fired */
	uint32_t overdue; /* turns that began while `armed` was in the past */
	uint32_t sets;    /* statistics: exits to set it, and */
	uint32_t fired;   /* interrupts */
};

void timer_init_cpu(void); /* each CPU, after platform->cpu_init; the boot CPU first */
const struct timer_cpu *timer_this_cpu(void); /* for tests and statistics */
bool timer_works(void);                       /* this CPU has a timer, not refused at last */
uint64_t timer_khz(void);                     /* the TSC's rate as far as we know it; 0: not yet */
uint64_t timer_now(void);                     /* TSC ticks */
uint64_t timer_ns(uint64_t tsc);              /* ticks to ns */
uint64_t timer_ticks(uint64_t ns);            /* ns to ticks; at most UINT64_MAX */
/* ns since the SVSM started. Never goes back, whichever CPU asks and whatever happens to
 * the TSC. */
uint64_t timer_uptime_ns(void);

/* Interrupt this CPU's ring 3 when the TSC reaches that value, or soon after. Lazy: an earlier
 * deadline that is still armed stays, and timer_interrupt() sets this one when it fires. */
void timer_arm(uint64_t tsc);
/* It came while no ring 3 runs here: EOI, and the timer is not armed any more. */
void timer_expired(void);
/* An interrupt came in, whatever its vector (the hypervisor may invent any): EOI, and set the
 * timer again when the wanted end is still ahead. True: it is not, so the turn is over. */
bool timer_interrupt(void);
/* Has the wanted end passed? Asked whenever ring 3 has come back without an interrupt. True once
 * for each timer_arm(). While the end is ahead and nothing is armed, the timer is tried again. */
bool timer_over(void);
