/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How long a vCPU that computes is away at a time. On a host that counts real time that is the
 * host's business; where time goes by instructions all CPUs share one thread, and while others
 * compute, such as a service CPU that makes the TPM, each has its turn (docs/scheduling.md).
 */
#include "bare/timer/timer.h"
#include "base/x86.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"

#define TOTAL_US 200000
#define AWAY_US  100 /* an exit takes less */

TEST(share, "share", "how long a vCPU that computes is away at a time", "keelson:timer:turns")
{
	uint64_t last, end, now, longest = 0, away = 0;

	timer_begin();
	last = rdtsc();
	end = last + timer_ticks(TOTAL_US);
	for (; last < end; last = now) {
		now = rdtsc();
		longest = MAX(longest, now - last);
		away += now - last > timer_ticks(AWAY_US) ? now - last : 0;
	}
	CHECK_GE(last, end);
	test_info("share_longest_ns", "%llu", (unsigned long long)timer_ns(longest));
	test_info("share_away_percent", "%llu",
		  (unsigned long long)(timer_ns(away) / (TOTAL_US * 10)));
	timer_end();
}
