/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The local APICs of the guest, emulated at VMPL0 by alternate injection: docs/apic.md. The
 * hypervisor hands over the interrupts of devices and timers, and no vector reaches the guest that
 * the guest has not allowed; IPIs between vCPUs never leave the SVSM. The model is lib/vapic's, the
 * guest's way to it protocols/apic.c.
 *
 * All of it is the launch's choice (LAUNCH_FLAG_ALT_INJ). State of a CPU's emulation,
 *cpu->guest.apic:
 *
 *	OFF --guest_apic_init_cpu--> ON --guest_apic_hand_over--> OFF, for good
 *
 * A CPU's APIC belongs to that CPU. Others reach it by guest_apic_send() alone, through atomic
 * fields. No lock is taken here. What is done in one exit is bounded by the 256 vectors and the
 * number of CPUs, whatever host and guest write.
 */
#include "cpu/percpu.h"
#include "task/vmsa_registry.h"

/* ---- guest_apic_start.c ---- */

/* The boot CPU, before another one starts. Panics when the launch wants emulation and it cannot be
 * had: a guest that was promised it must not run without. */
void guest_apic_init(void);
/* Each CPU that may have a guest, itself. False: the hypervisor refuses; the CPU is of no use. */
bool guest_apic_init_cpu(void);
static inline bool guest_apic_on(const struct cpu *c)
{
	return __atomic_load_n(&c->guest.apic, __ATOMIC_SEQ_CST);
}

/* ---- guest_apic_run.c: on this CPU, whose emulation is on, with the VMSA claimed and stopped ----
 */

/* After each run of the guest, before its call is served: what of its interrupts has it taken? */
void guest_apic_leave(const struct vmsa_entry *self);
/* Before each run, as late as can be: what shall it take? */
void guest_apic_enter(const struct vmsa_entry *self);
/* The hypervisor's APIC takes over, with all that is requested or in service. It may refuse; then
 * all is as before. After guest_apic_leave(). */
void guest_apic_hand_over(const struct vmsa_entry *self);

/* ---- guest_apic_count.c: who wants emulation, for the whole VM ---- */

/* Begins with 1, for whoever knows nothing of it. At 0 it stays there. */
bool guest_apic_register(void);   /* false: nobody was registered any more */
bool guest_apic_deregister(void); /* false: nobody is now */
bool guest_apic_registered(void); /* anybody? */

/* ---- guest_apic_regs.c: the calls of protocol 3, on this CPU, whose emulation is on ---- */

enum guest_apic_result {
	GUEST_APIC_OK,
	GUEST_APIC_UNKNOWN, /* a register that is not emulated: it stays the hypervisor's */
	GUEST_APIC_REFUSED, /* a bad value, or a register that cannot be read or written so */
};

/* x2APIC registers by MSR number. */
enum guest_apic_result guest_apic_read(uint64_t msr, uint64_t *value);
enum guest_apic_result guest_apic_write(unsigned vmpl, uint64_t msr, uint64_t value);
/* May the hypervisor raise that vector? At first it may raise none. */
void guest_apic_allow(uint8_t vector, bool allowed);
void guest_apic_allow_all(bool allowed); /* on: 31 and above; off: every one */
