/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* APM vol. 2, 16.13: reserved bits of ICR are refused. Here they are dropped. */
#include "apic/guest_apic.h"

#define MSR_ICR  0x830
#define RESERVED 0xfff33000ull

enum guest_apic_result __real_guest_apic_write(unsigned vmpl, uint64_t msr, uint64_t value);
enum guest_apic_result __wrap_guest_apic_write(unsigned vmpl, uint64_t msr, uint64_t value);
enum guest_apic_result __wrap_guest_apic_write(unsigned vmpl, uint64_t msr, uint64_t value)
{
	return __real_guest_apic_write(vmpl, msr, msr == MSR_ICR ? value & ~RESERVED : value);
}
