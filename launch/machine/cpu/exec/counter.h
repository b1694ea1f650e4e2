/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A VMPL's time-stamp counter: the CPU's times a scale plus an offset, modulo 2^64 (lib/tsc.h). TCG
 * adds the VMCB's TSC_OFFSET and knows no scale: with another one than 1.0 RDTSC and RDTSCP leave
 * the guest, and the machine completes them. On the vCPU's own CPU, while its state is loaded.
 */
#include "machine/cpu/vcpu.h"

void counter_set(struct vmpl_ctx *c, uint64_t scale, uint64_t offset);

/* What the guest reads when RDTSC gives `host` here. */
uint64_t counter_of_guest(const struct vmpl_ctx *c, uint64_t host);
/* The first reading here, from `now` on, at which the guest's counter has come to `guest` or has
 * passed it; UINT64_MAX: never. At least 1, since 0 is no moment to who arms a timer. */
uint64_t counter_reaches(const struct vmpl_ctx *c, uint64_t now, uint64_t guest);
uint64_t counter_khz(const struct vmpl_ctx *c);  /* its rate */
uint64_t counter_freq(const struct vmpl_ctx *c); /* GUEST_TSC_FREQ, in MHz: lib/tsc.h */

int counter_exit(struct vcpu *v); /* RDTSC or RDTSCP, either as SVM_EXIT_RDTSC. RESUME */
