/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The arithmetic of a guest's time-stamp counter. A guest reads the processor's counter times a
 * scale plus an offset: APM vol. 2, 15.36.18 (SecureTSC) and table B-4, GUEST_TSC_SCALE and
 * GUEST_TSC_OFFSET. A scale is a fixed-point number of 8.32 bits. Pure.
 */
#include "base/types.h"

#define TSC_SCALE_ONE  BIT(32)
#define TSC_SCALE_MASK (BIT(40) - 1) /* the rest of the field is reserved */

/* That many ticks of the processor's counter as the guest counts them. */
uint64_t tsc_scaled(uint64_t ticks, uint64_t scale);
/* The least number of the processor's ticks after which the guest has counted so many; UINT64_MAX
 * for one that does not fit, and with a scale of 0, by which a guest's counter stands still. */
uint64_t tsc_unscaled(uint64_t ticks, uint64_t scale);

/*
 * With SecureTSC the rate comes in two parts: MSR C001_0134 GUEST_TSC_FREQ in MHz, bits 17:0, and
 * TSC_FACTOR of the secrets page, by how many hundred-thousandths the counter is slower than that
 * (SNP firmware ABI 56860, secrets page; Linux 6.16, snp_secure_tsc_init()).
 */
#define TSC_FREQ_MASK 0x3ffffull
/* kHz of the two. */
uint64_t tsc_rate(uint64_t freq, uint32_t factor);
/* The two of a rate in kHz, below 2^28: whole MHz, rounded up, and the nearest factor. */
void tsc_rate_split(uint64_t khz, uint64_t *freq, uint32_t *factor);
