/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* MSRs that are not the guest's own. */
#include "machine/cpu/vcpu.h"

/* The exit SVM_EXIT_MSR. RESUME, or an enum machine_exit. */
int msr_access(struct vcpu *v);
/* VMGEXIT of length bytes at RIP: MACHINE_VMGEXIT. */
int msr_vmgexit(struct vcpu *v, unsigned length);
/* An RDMSR of the GHCB's MSR at RIP is done, if the processor would do it next. */
void msr_answer(struct vcpu *v);
