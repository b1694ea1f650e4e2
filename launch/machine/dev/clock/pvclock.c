/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The arithmetic of KVM's paravirtual clock, and of a date. */
#include "machine/dev/clock/pvclock.h"

/*
 * mul is a fraction of 2^32, best used with its top bit set: shift the tick until one tick counts
 * between half a nanosecond and one.
 */
void pvclock_scale(uint64_t khz, uint32_t *mul, int8_t *shift)
{
	uint64_t hz = khz * 1000, ns = 1000000000;
	int s = 0;

	while (hz > ns * 2) {
		hz >>= 1;
		s--;
	}
	while (hz <= ns) {
		hz <<= 1;
		s++;
	}
	/* Both are below 2^31 and ns < hz <= 2 ns, so the quotient fits 32 bits. */
	*mul = (ns << 32) / hz;
	*shift = s;
}

uint64_t pvclock_ns(uint64_t delta, uint32_t mul, int8_t shift)
{
	delta = shift < 0 ? delta >> -shift : delta << shift;
	return (uint64_t)((unsigned __int128)delta * mul >> 32);
}

static uint64_t days_before_year(unsigned y)
{
	uint64_t n = y - 1;

	return n * 365 + n / 4 - n / 100 + n / 400;
}

uint64_t pvclock_seconds(unsigned year, unsigned month, unsigned day, unsigned h, unsigned m,
			 unsigned s)
{
	static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	uint64_t days;

	if (month < 1 || month > 12)
		month = 1;
	days = days_before_year(year) - days_before_year(1970) + before[month - 1] + day - 1 +
	       (leap && month > 2);
	return ((days * 24 + h) * 60 + m) * 60 + s;
}
