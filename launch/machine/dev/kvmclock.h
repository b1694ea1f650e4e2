/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * KVM's paravirtual clock: Linux, Documentation/virt/kvm/x86/msr.rst. The time base is one for all
 * vCPUs (system time 0 = start of the monitor), so that the TSC_STABLE flag is true.
 */
#include "base/types.h"

#define MSR_KVM_WALL_CLOCK_OLD  0x11
#define MSR_KVM_SYSTEM_TIME_OLD 0x12
#define MSR_KVM_WALL_CLOCK      0x4b564d00
#define MSR_KVM_SYSTEM_TIME     0x4b564d01

struct kvmclock {
	uint64_t system_time; /* the MSRs as written */
	uint64_t wall_clock;
};

void kvmclock_init(void); /* CPU 0, once: reads the real-time clock */
/* The MSR writes; a page that is not shared guest memory is left alone. False for #GP. */
bool kvmclock_set_system_time(struct kvmclock *c, uint64_t value);
bool kvmclock_set_wall_clock(struct kvmclock *c, uint64_t value);
