/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APIC's timer under test, and what the tests of it wait by. A vCPU sees its interrupts
 * only inside timer_until() and timer_pass(). Times are in TSC ticks unless a name says otherwise;
 * nothing here is judged by how long the host took, only by order and count.
 */
#include "bare/lib/apic.h"

#define VEC_LOW           0x40
#define VEC_TIMER         0x60
#define VEC_SAME          0x61 /* of the timer's class */
#define VEC_HIGH          0x90

#define APIC_PPR          0x0a
#define APIC_LDR          0x0d
#define APIC_TMCCT        APIC_TIMER_CURRENT
#define APIC_TMICT        APIC_TIMER_INITIAL
#define APIC_TDCR         APIC_TIMER_DIVIDE
#define APIC_DIVIDE_BY_1  0xb
#define APIC_LVT_RESERVED (APIC_LVT_PERIODIC | APIC_LVT_DEADLINE)

/* x2APIC mode on this vCPU, no interrupt counted yet; skips the test where there is none. */
void timer_begin(void);
void timer_end(void);
/* fn runs at the end of each of the timer's interrupts, before the EOI; NULL: none. It may use the
 * GHCB. n: how many there were, this one among them. */
void timer_hook(void (*fn)(uint64_t n));

/* One-shot, periodic (mode APIC_LVT_PERIODIC), in the APIC's ticks of 1 ns, divided by 1. */
void timer_start(uint32_t mode, uint32_t count);
void timer_mode(uint32_t mode); /* the LVT entry: mode and mask, with the timer's vector */
void timer_stop(void);
bool timer_deadline_set(uint64_t tsc);
uint64_t timer_deadline(void);

uint64_t timer_hits(uint8_t vector);  /* how often this vCPU took it */
uint64_t timer_tick(uint64_t n);      /* when the n-th was taken, from 1; one of the first 64 */
bool timer_requested(uint8_t vector); /* in IRR */

/* Interrupts on until there were n of the timer's, for as long as seconds at most; true: there
 * were. */
bool timer_until(uint64_t n, unsigned seconds);
void timer_pass(uint64_t us); /* interrupts on for so long */
void timer_hold(uint64_t us); /* interrupts stay off */
/* Whether so long has not passed since start: a test whose next step had to come sooner begins
 * again when the host was slow. */
bool timer_in_time(uint64_t start, uint64_t us);
#define TIMER_NEVER_US 20000u
/* fn() arms the timer for TIMER_NEVER_US later and disarms it again: no interrupt comes. */
void timer_never(void (*fn)(void));
/* Sleeps for 1 ms, so that what follows begins where the machine's other CPUs sleep as well: the
 * same in each run that counts time by instructions. Leaves the timer stopped, nothing counted. */
void timer_settle(void);

uint64_t timer_ticks(uint64_t us); /* TSC ticks of so many microseconds */
uint64_t timer_ns(uint64_t tsc);

/* Figures of up to FIGURE_MAX samples, for docs/timers.md's readers: "smallest median largest". */
#define FIGURE_MAX 64
struct figure {
	unsigned count;
	uint64_t sample[FIGURE_MAX];
};
void figure_add(struct figure *f, uint64_t sample);
void figure_report(struct figure *f, const char *key);
