/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Software interrupts that QEMU executes although memory no longer holds them (stale.c). */
#include "machine.h"
#include "vmcb.h"

/* Intercept the next software interrupt; at every exit and for a new VMCB. */
void stale_arm(struct vmcb *m);
/* The exit SVM_EXIT_SWINT: the interrupt happens at the next VMRUN, or proves stale and is fetched
 * again. Returns RESUME. */
int stale_interrupt(struct vcpu *v);
/* Do these n bytes (0..15) start with INT3, INT n or INTO? True also when they are too few to tell.
 */
bool stale_is_interrupt(const uint8_t *bytes, unsigned n, bool mode64);
