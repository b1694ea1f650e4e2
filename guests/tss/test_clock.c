/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Time and clock: part 3, section 29; part 1, section 36. */
#include <unistd.h>

#include "tss/tss.h"

static TPMS_TIME_INFO now(void)
{
	TPMS_TIME_INFO *info;

	OK(Esys_ReadClock(tss, NO_SESSION, &info));
	return *info;
}

TSS_TEST(clock_runs, "clock-runs",
	 "time and clock advance while we sleep, by no less than we slept")
{
	TPMS_TIME_INFO before = now(), after;

	usleep(50000);
	after = now();
	CHECK(after.time >= before.time + 49);
	CHECK(after.clockInfo.clock >= before.clockInfo.clock + 49);
	CHECK_EQ(after.clockInfo.resetCount, before.clockInfo.resetCount);
	CHECK_EQ(after.clockInfo.restartCount, before.clockInfo.restartCount);
	CHECK_EQ(after.clockInfo.safe, TPM2_YES);
}

TSS_TEST(clock_set, "clock-set", "the clock is set forward, never back")
{
	uint64_t clock = now().clockInfo.clock;

	OK(Esys_ClockSet(tss, ESYS_TR_RH_OWNER, PASSWORD, clock + 60000));
	CHECK(now().clockInfo.clock >= clock + 60000);
	FAILS(Esys_ClockSet(tss, ESYS_TR_RH_OWNER, PASSWORD, clock), RC_P(TPM2_RC_VALUE, 1));
	FAILS(Esys_ClockSet(tss, ESYS_TR_RH_OWNER, PASSWORD, 0xffff000000000001),
	      RC_P(TPM2_RC_VALUE, 1));
}

TSS_TEST(clock_rate, "clock-rate", "the clock's rate is adjusted, and back")
{
	OK(Esys_ClockRateAdjust(tss, ESYS_TR_RH_OWNER, PASSWORD, TPM2_CLOCK_FINE_SLOWER));
	OK(Esys_ClockRateAdjust(tss, ESYS_TR_RH_OWNER, PASSWORD, TPM2_CLOCK_FINE_FASTER));
	FAILS(Esys_ClockRateAdjust(tss, ESYS_TR_RH_OWNER, PASSWORD, 4), RC_P(TPM2_RC_VALUE, 1));
}
