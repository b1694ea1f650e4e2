/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Control registers. */
#include "machine/cpu/vcpu.h"

/* Which writes the next run of the guest stops at; right before VMRUN. */
void cr_intercept(struct vcpu *v);
/* The exits SVM_EXIT_CR_WRITE and SVM_EXIT_CR0_SEL_WRITE. RESUME, or an enum machine_exit. */
int cr_access(struct vcpu *v);
/* The run has ended: what the guest wrote to CR8 without an exit reaches its APIC. tpr: what CR8
 * read before it, 0..15. */
void cr_follow_tpr(struct vcpu *v, uint8_t tpr);
/* QEMU leaves a guest that sets a reserved bit of CR3 or CR4 with the exit code of a refused VMRUN.
 * Is this one of those? RIP is then at the instruction: a refused VMRUN leaves the host's state in
 * the save area, where the guest has none to read. cr_access() raises #GP(0). */
bool cr_refused(struct vcpu *v);
/* WRMSR of EFER. False: #GP(0), and nothing has changed. */
bool cr_set_efer(struct vcpu *v, uint64_t value);
