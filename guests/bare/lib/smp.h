/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A second vCPU for one test. smp_start() makes a VMSA, has it registered and started; smp_stop()
 * (called by the runner after every test) destroys it again. At VMPL2 this is CREATE_VCPU and
 * AP_CREATION, at VMPL0 RMPADJUST and AP_CREATION.
 */
#include "base/types.h"
#include "lib/patience.h"

struct vmsa;

/* Starts vCPU 1 or skips the test where there is none. */
void smp_start(void);
void smp_start_with(uint64_t features); /* the same with other SEV_FEATURES than ours */
void smp_stop(void);
/* vCPU 1 has deleted its own VMSA: nothing is left for smp_stop() to delete. */
void smp_gone(void);
bool smp_available(void);

/* Have vCPU 1 run fn(arg); smp_wait() says whether it came back within about seconds. */
void smp_run(void (*fn)(void *arg), void *arg);
bool smp_wait(unsigned seconds);
bool smp_dead(void); /* vCPU 1 took an exception that its test did not expect */
/* Both vCPUs call it; each comes back when the other has called it too. */
void smp_meet(void);
NORETURN void smp_park_dead(void);

/*
 * A race: rounds that both vCPUs begin together. smp_race() sets the limits (machines are slow, so
 * a race also ends after about that many seconds), then both loop: for (i = 0; smp_round(i); i++).
 */
void smp_race(unsigned rounds, unsigned seconds);
bool smp_round(unsigned i);
unsigned smp_rounds(void); /* how many there were */

uint32_t smp_apic_id(void);
uint64_t smp_vmsa(void); /* the page that is or would be vCPU 1's VMSA */
uint64_t smp_caa(void);

/* A VMSA that enters fn(arg) on vCPU cpu, CPL 0, our page tables and descriptors, interrupts off.
 */
void smp_fill_vmsa(struct vmsa *v, unsigned cpu, uint8_t vmpl, void (*fn)(void *arg), void *arg,
		   uint64_t stack_top);

/* About `seconds` of TSC ticks, never less: for pauses, and for when a race ends. */
uint64_t smp_ticks(unsigned seconds);
/* How long a test waits for what must come: about `seconds` that this vCPU has lived through
 * (lib/patience.h), so that a loaded or stopped host fails no test. smp_patience_over() looks. */
struct patience smp_patience(unsigned seconds);
bool smp_patience_over(struct patience *p);
