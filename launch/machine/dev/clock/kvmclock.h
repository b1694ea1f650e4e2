/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * KVM's paravirtual clock: Linux, Documentation/virt/kvm/x86/msr.rst. The time base is one for all
 * vCPUs, and both clocks count from the machine's start, when QEMU's TSC is 0: as KVM, whose system
 * time begins with the VM. QEMU's TSC stands still while the machine is stopped (QMP stop,
 * cpu_disable_ticks()), and so does this clock, as KVM's: its flag "the guest was stopped" would
 * say that time has jumped, and is never set.
 */
#include "base/types.h"

#define MSR_KVM_WALL_CLOCK_OLD  0x11
#define MSR_KVM_SYSTEM_TIME_OLD 0x12
#define MSR_KVM_WALL_CLOCK      0x4b564d00
#define MSR_KVM_SYSTEM_TIME     0x4b564d01

struct kvmclock {
	uint64_t system_time; /* the MSRs as written; bit 0 of the first switches its page on */
	uint64_t wall_clock;
};

#define KVMCLOCK_ZERO 0 /* the CPUs' TSC at system time 0 */

void kvmclock_init(void); /* CPU 0, once: reads the real-time clock */
/*
 * Write the pages anew, between tlb_write_begin() and tlb_write_end(). A page that is not shared
 * guest memory is left alone: as KVM, where a bad address is not written, and not a fault.
 * zero: the guest's counter at KVMCLOCK_ZERO, modulo 2^64; khz: its rate.
 */
void kvmclock_show_time(const struct kvmclock *c, uint64_t zero, uint64_t khz);
void kvmclock_show_date(const struct kvmclock *c);
