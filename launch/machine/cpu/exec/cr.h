/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Control registers. */
#include "machine/cpu/vcpu.h"

/* The exits SVM_EXIT_CR_READ and SVM_EXIT_CR_WRITE. RESUME, or an enum
 * machine_exit. */
int cr_access(struct vcpu *v);
/* QEMU leaves a guest that sets a reserved bit of CR3 or CR4 with the exit code of a refused VMRUN.
 * Is this one of those? RIP is then at the instruction: a refused VMRUN leaves the host's state in
 * the save area, where the guest has none to read. cr_access() raises #GP(0). */
bool cr_refused(struct vcpu *v);
/* WRMSR of EFER. False: #GP(0), and nothing has changed. */
bool cr_set_efer(struct vcpu *v, uint64_t value);
