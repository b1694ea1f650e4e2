/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The host's half of the native platform (launch/machine/hv/): what KVM and its VMM do for an SNP
 * guest. It reaches a guest only through the GHCB, shared pages and RMPUPDATE.
 */
#include "base/addr.h"
#include "machine/cpu/vcpu.h"

/* ---- run.c ---- */
NORETURN void hv_vcpu_main(struct vcpu *v); /* entered on CPU index + 1, IF=0 */
NORETURN void hv_service_main(void);        /* CPU 0: heartbeat, log drain */
void hv_init(void);                         /* vAPICs, boot vCPU at VMPL0; after the launch */

/* ---- called by machine/host/isr.c, interrupts off, on the CPU that took it ---- */
void hv_host_interrupt(unsigned vector, bool level);

/* ---- called by the loader: CPUID as KVM would offer it to an SNP guest on this machine ---- */
void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
