/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Interrupts of one vCPU: from the host's APIC and timer into its APICs, and into the guest. */
#include "machine/cpu/vcpu.h"

/* A hardware interrupt for the vCPU of this CPU, from any point of host mode. */
void hv_host_interrupt(unsigned vector, bool level);
/* Before each machine_run: hand the most important deliverable event to the current VMPL, or ask
 * for a window. On v's own CPU. */
void irq_deliver(struct vcpu *v);
/* After each exit, before anything looks at or changes the APIC of v's current VMPL: what the guest
 * has done by its shared pages since the last one. On v's own CPU. */
void irq_sync(struct vcpu *v);
/* MSR 0x4b564d04 (lib/vapic/vapic.h). False for #GP, and nothing has changed. */
bool irq_pv_eoi_write(struct vcpu *v, uint64_t value);
/* After an exit for the host or a halt: expire the timers of all VMPLs and arm the next one. */
void irq_timer_poll(struct vcpu *v);
/* Take the interrupts that wait in the host's APIC, and do what they came for. On v's own CPU. */
void irq_take(struct vcpu *v);
/* A timer of v or what a serial port sends has another deadline now. On v's own CPU. */
void irq_timer_changed(struct vcpu *v);
/* Before each machine_run too: under -icount, let the other CPUs have their turn now and then. */
void irq_turn(struct vcpu *v);
/* An exit in hand that was for an interrupt was for the one just taken: exit_cause(). */
void irq_cause(struct vcpu *v);
/* Can a device's interrupt come to that VMPL, for all that v's APICs say now? */
bool irq_devices_ring(struct vcpu *v, unsigned vmpl);
/* Would an event end the current VMPL's HLT? */
bool irq_wakes(struct vcpu *v);
