/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The paravirtual clock's arithmetic: scale factors against exact division, dates against mktime.
 * KVM, Documentation/virt/kvm/x86/msr.rst.
 *
 * sources: launch/machine/dev/clock/pvclock.c
 */
#include "tests/native/check.h"
#include "machine/dev/clock/pvclock.h"

#include <time.h>

static void close_to_exact(uint64_t khz)
{
	static const uint64_t delta[] = {0, 1, 1000, 123456789, 3600000000000ull};
	uint32_t mul;
	int8_t shift;

	check_context("%llu kHz", (unsigned long long)khz);
	pvclock_scale(khz, &mul, &shift);
	for (unsigned i = 0; i < sizeof(delta) / sizeof(delta[0]); i++) {
		uint64_t want = (unsigned __int128)delta[i] * 1000000 / khz;
		uint64_t got = pvclock_ns(delta[i], mul, shift);
		uint64_t off = got > want ? got - want : want - got;

		CHECK(off <= 1 + (want >> 30)); /* a nanosecond a second */
	}
}

TEST(scale)
{
	static const uint64_t khz[] = {1000,    999999,  1000000, 1000001, 1999999,  2000000,
				       2000001, 2445500, 3693000, 4000000, 10000000, 50000};

	for (unsigned i = 0; i < sizeof(khz) / sizeof(khz[0]); i++)
		close_to_exact(khz[i]);
}

TEST(scale_uses_all_bits)
{
	uint32_t mul;
	int8_t shift;

	for (uint64_t khz = 1000; khz < 20000000; khz += 7919) {
		pvclock_scale(khz, &mul, &shift);
		if (!CHECK(mul >= 1u << 31))
			return;
	}
}

TEST(dates)
{
	struct tm tm = {.tm_hour = 23, .tm_min = 59, .tm_sec = 58};

	for (int year = 1970; year < 2110; year++)
		for (int month = 0; month < 12; month++)
			for (int day = 1; day <= 28; day += 27) {
				tm.tm_year = year - 1900;
				tm.tm_mon = month;
				tm.tm_mday = day;
				if (!CHECK_EQ(pvclock_seconds(year, month + 1, day, 23, 59, 58),
					      timegm(&tm)))
					return;
			}
	CHECK_EQ(pvclock_seconds(1970, 1, 1, 0, 0, 0), 0);
	CHECK_EQ(pvclock_seconds(2024, 2, 29, 12, 0, 0), 1709208000);
}

TEST(nonsense_from_the_clock_chip)
{
	CHECK_EQ(pvclock_seconds(2026, 0, 1, 0, 0, 0), pvclock_seconds(2026, 1, 1, 0, 0, 0));
	CHECK_EQ(pvclock_seconds(2026, 99, 1, 0, 0, 0), pvclock_seconds(2026, 1, 1, 0, 0, 0));
}
