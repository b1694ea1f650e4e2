/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Software interrupts that QEMU executes although memory no longer holds them (stale.c). */
#include "lib/insn/prefixes.h"
#include "machine/cpu/vcpu.h"
#include "machine/cpu/vmcb.h"

/* Intercept the next software interrupt; at every exit and for a new VMCB. */
void stale_arm(struct vmcb *m);
/* The exit SVM_EXIT_SWINT: the interrupt is delivered, or proves stale and is fetched again.
 * RESUME, or an enum machine_exit. */
int stale_interrupt(struct vcpu *v);
/* Length of the INT3 or INT n in these bytes (0..15) with its prefixes, and its vector; 0: none. */
unsigned stale_interrupt_length(const uint8_t *bytes, unsigned n, enum insn_mode mode,
				uint8_t *vector);
