/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The pages of KVM's paravirtual clock (Linux, Documentation/virt/kvm/x86/msr.rst) and its
 * arithmetic. Portable. */
#include "base/types.h"

struct pvclock_vcpu_time_info {
	uint32_t version; /* odd while it changes */
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time; /* ns at tsc_timestamp */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad[2];
} PACKED ALIGNED(4);
ABI_SIZE(struct pvclock_vcpu_time_info, 32, "KVM msr.rst: pvclock_vcpu_time_info");

struct pvclock_wall_clock {
	uint32_t version;
	uint32_t sec; /* UTC at system time 0 */
	uint32_t nsec;
} PACKED ALIGNED(4);
ABI_SIZE(struct pvclock_wall_clock, 12, "KVM msr.rst: pvclock_wall_clock");

#define PVCLOCK_TSC_STABLE    BIT(0)
#define PVCLOCK_GUEST_STOPPED BIT(1)

/* ns = ((delta << shift) * mul) >> 32, a negative shift to the right; khz must not be 0. */
void pvclock_scale(uint64_t khz, uint32_t *mul, int8_t *shift);
uint64_t pvclock_ns(uint64_t delta, uint32_t mul, int8_t shift);
/* Seconds since 1970 of a date in UTC; month and day count from 1. */
uint64_t pvclock_seconds(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m,
			 unsigned s);
