/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Exception frames built by hand: for an exception that the processor under us does not know, for
 * interrupts that it would deliver twice, and for software interrupts. APM vol. 2, 8.7 and 8.9.
 */
#include "machine/cpu/vcpu.h"

/* An exception with an error code at the current instruction, a contributory one (8.2.9): #PF on
 * the way to its handler is delivered instead, any other fault makes a double fault. Protected
 * mode. RESUME, or an enum machine_exit. */
int deliver_exception(struct vcpu *v, uint8_t vector, uint32_t error);
/* An interrupt that the guest takes now. False, and nothing has changed: this one has to go through
 * EVENTINJ. */
bool deliver_interrupt(struct vcpu *v, uint8_t vector);
/* INT3 or INT n of length bytes at RIP, in long mode: it happens, or the fault on the way does,
 * with RIP at the instruction. RESUME, or an enum machine_exit. */
int deliver_software(struct vcpu *v, uint8_t vector, unsigned length);
