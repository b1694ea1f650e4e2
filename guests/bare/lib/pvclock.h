/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* kvmclock's MSRs and page: Linux, Documentation/virt/kvm/x86/msr.rst. */
#include "base/types.h"

#define MSR_KVM_WALL_CLOCK    0x4b564d00
#define MSR_KVM_SYSTEM_TIME   0x4b564d01

#define PVCLOCK_TSC_STABLE    BIT(0)
#define PVCLOCK_GUEST_STOPPED BIT(1)

struct pvclock {
	uint32_t version, pad;
	uint64_t tsc_timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags, pad2[2];
} PACKED ALIGNED(4);
