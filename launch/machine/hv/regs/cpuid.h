/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* CPUID as KVM would offer it to an SNP guest on this machine. */
#include "machine/cpu/vcpu.h"

/* EAX, EBX, ECX, EDX of a leaf at v's current VMPL; also before hv_init(), for the CPUID page. */
void hv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
