/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A guest's counter by scale and offset, and its rate with SecureTSC: APM vol. 2, table B-4 (8.32
 * fixed point), and Linux 6.16, SNP_SCALE_TSC_FREQ(): freq - freq * factor / 100000.
 *
 * sources: svsm/lib/tsc.c
 */
#include "lib/tsc.h"
#include "tests/native/check.h"

TEST(a_scale_is_a_fraction_of_2_32)
{
	CHECK_EQ(TSC_SCALE_ONE, 0x100000000);
	CHECK_EQ(tsc_scaled(0x123456789abcdef0, TSC_SCALE_ONE), 0x123456789abcdef0);
	CHECK_EQ(tsc_scaled(1000001, TSC_SCALE_ONE / 2), 500000);
	CHECK_EQ(tsc_scaled(1000001, TSC_SCALE_ONE * 3 / 2), 1500001);
	CHECK_EQ(tsc_scaled(UINT64_MAX, TSC_SCALE_ONE), UINT64_MAX);
	CHECK_EQ(tsc_scaled(7, TSC_SCALE_MASK), 7 * 256 - 1); /* just below 256 */
	CHECK_EQ(tsc_scaled(7, 0), 0);
	CHECK_EQ(tsc_scaled(7, BIT(40) | TSC_SCALE_ONE), 7); /* 63:40 are reserved */
}

/* A deadline must not come early, nor a tick later than it has to. */
TEST(the_way_back_is_the_first_moment)
{
	static const uint64_t scales[] = {1,
					  TSC_SCALE_ONE / 3,
					  TSC_SCALE_ONE - 1,
					  TSC_SCALE_ONE,
					  TSC_SCALE_ONE + 1,
					  TSC_SCALE_ONE * 2.5,
					  TSC_SCALE_MASK};
	static const uint64_t ticks[] = {1, 2, 999, 2596140, 1ull << 31};

	for (unsigned i = 0; i < ARRAY_LEN(scales); i++)
		for (unsigned k = 0; k < ARRAY_LEN(ticks); k++) {
			uint64_t host = tsc_unscaled(ticks[k], scales[i]);

			CHECK(tsc_scaled(host, scales[i]) >= ticks[k]);
			CHECK(tsc_scaled(host - 1, scales[i]) < ticks[k]);
		}
	CHECK_EQ(tsc_unscaled(0, 0), 0);
	CHECK_EQ(tsc_unscaled(1, 0), UINT64_MAX);
	CHECK_EQ(tsc_unscaled(UINT64_MAX, TSC_SCALE_ONE), UINT64_MAX);
	CHECK_EQ(tsc_unscaled(UINT64_MAX, TSC_SCALE_ONE / 2), UINT64_MAX);
}

TEST(the_rate_is_mhz_less_the_factor)
{
	CHECK_EQ(tsc_rate(2000, 0), 2000000);
	CHECK_EQ(tsc_rate(2000, 200), 2000000 - 4000);
	CHECK_EQ(tsc_rate(0xfffffffffffc07d0, 0), 2000000); /* bits above 17 are reserved */
	CHECK_EQ(tsc_rate(2000, 100000), 0);
	CHECK_EQ(tsc_rate(2000, UINT32_MAX), 0);
}

/* The factor's step is ten millionths, so what comes back is at most five off, and one for
 * rounding. */
TEST(a_rate_survives_the_split)
{
	for (uint64_t khz = 100000; khz < 10000000; khz = khz * 9 / 8 + 7) {
		uint64_t freq, back;
		uint32_t factor;

		tsc_rate_split(khz, &freq, &factor);
		back = tsc_rate(freq, factor);
		CHECK_EQ(freq, (khz + 999) / 1000);
		CHECK(back + khz / 200000 + 1 >= khz && khz + khz / 200000 + 1 >= back);
	}
}
