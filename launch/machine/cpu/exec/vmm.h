/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the processor asks of the hypervisor at once, without leaving machine_run(); hv/ implements
 * it. On v's own CPU, for its current VMPL.
 */
#include "machine/cpu/vcpu.h"

/* One-exit answers, only when !host_options.strict: true when the hypervisor took the event, so
 * that nothing is reflected. v is at an intercepted RDMSR or WRMSR; *gp: it faults. */
bool vmm_fast_msr(struct vcpu *v, uint32_t msr, bool write, uint64_t *value, bool *gp);
/* The same for IN and OUT, only with host_options.fast_ioio. info: the VMCB's. *value: EAX for OUT,
 * and what IN gives, zero-extended. False for string forms. */
bool vmm_fast_ioio(struct vcpu *v, uint32_t info, uint32_t *value);
/* The same for an access of len bytes, 1, 2, 4 or 8, inside one page where there is no memory.
 * *value: what is written, and what is read, whose upper bytes count for nothing. */
bool vmm_fast_mmio(struct vcpu *v, gpa_t g, unsigned len, bool write, uint64_t *value);
/* EAX, EBX, ECX, EDX of a leaf as the guest sees it. */
void vmm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
/* The guest wrote CR8, 0..15: TPR[7:4] of its APIC. */
void vmm_cr8_write(struct vcpu *v, uint8_t value);
