/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The MSRs of a VMPL's time-stamp counter as KVM has them (Linux 6.12, arch/x86/kvm/x86.c,
 * kvm_set_msr_common() and kvm_get_msr_common()): 10h, TSC_ADJUST 3Bh, and the APIC timer's
 * deadline 6E0h, which is by that counter. On the vCPU's own CPU, for its current VMPL.
 */
#include "lib/vapic/vapic.h"
#include "machine/cpu/vcpu.h"

struct tsc_msr {
	uint64_t adjust;   /* what writes have added to the counter */
	uint64_t deadline; /* as written; counts while the timer is armed */
};

/* Writes. An armed deadline is armed anew, by the counter as it is then. False: the counter did not
 * move. With SecureTSC it never does. */
bool tsc_msr_write(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a, uint64_t value);
bool tsc_msr_adjust(struct tsc_msr *t, struct vmpl_ctx *c, struct vapic *a, uint64_t value);
void tsc_msr_set_deadline(struct tsc_msr *t, const struct vmpl_ctx *c, struct vapic *a,
			  uint64_t value);
/* 0 once the timer has gone off, and out of deadline mode. */
uint64_t tsc_msr_deadline(const struct tsc_msr *t, const struct vapic *a);
