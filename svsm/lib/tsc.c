/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/tsc.h"

#define FACTOR_ONE 100000 /* TSC_FACTOR's unit: one hundred-thousandth */

uint64_t tsc_scaled(uint64_t ticks, uint64_t scale)
{
	return (uint64_t)((unsigned __int128)ticks * (scale & TSC_SCALE_MASK) >> 32);
}

/* ticks * 2^32 / scale, 16 bits of the quotient at a time, because 128 bits cannot be divided
 * without a library. Rounded up: a moment earlier the guest has not counted them yet. */
uint64_t tsc_unscaled(uint64_t ticks, uint64_t scale)
{
	uint64_t quotient, rest;

	scale &= TSC_SCALE_MASK;
	if (!scale)
		return ticks ? UINT64_MAX : 0;
	quotient = ticks / scale;
	rest = ticks % scale;
	for (unsigned i = 0; i < 2; i++) {
		if (quotient >> 48)
			return UINT64_MAX;
		rest <<= 16;
		quotient = quotient << 16 | rest / scale;
		rest %= scale;
	}
	return quotient < UINT64_MAX ? quotient + !!rest : quotient;
}

uint64_t tsc_rate(uint64_t freq, uint32_t factor)
{
	uint64_t khz = (freq & TSC_FREQ_MASK) * 1000;

	return factor < FACTOR_ONE ? khz - khz * factor / FACTOR_ONE : 0;
}

void tsc_rate_split(uint64_t khz, uint64_t *freq, uint32_t *factor)
{
	uint64_t whole = (khz + 999) / 1000 * 1000;

	*freq = whole / 1000;
	*factor = whole ? (uint32_t)(((whole - khz) * FACTOR_ONE + whole / 2) / whole) : 0;
}
