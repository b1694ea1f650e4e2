/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Figures for the run's record (run.json). They prove no rule: nothing is asserted about time. */
#include "bare/vtpm/common.h"
#include "bare/core/calls.h"
#include "bare/lib/test.h"
#include "base/x86.h"

#define ROUNDS 300

static uint64_t ticks(const char *text)
{
	uint64_t start = rdtsc(), bad = 0;

	for (unsigned i = 0; i < ROUNDS; i++)
		bad += tpm(0, text) != 0;
	CHECK_EQ(bad, 0);
	return (rdtsc() - start) / ROUNDS;
}

TEST(facts, "facts", "time of a PCR read, an extend and GetRandom, and of the longest call yet",
     "keelson:cost")
{
	struct vtpm_stats s;

	vtpm_fresh();
	test_info("vtpm_pcr_read_tsc", "%llu",
		  (unsigned long long)ticks("0000017e 00000001 000b 03 010000"));
	test_info(
		"vtpm_pcr_extend_tsc", "%llu",
		(unsigned long long)ticks("00000182 00000010 @pw 00000001 000b 00000000000000000000"
					  "00000000000000000000000000000000000000000000"));
	test_info("vtpm_get_random_tsc", "%llu", (unsigned long long)ticks("0000017b 0008"));
	s = vtpm_stats();
	CHECK_GE(s.calls, 3 * ROUNDS);
	test_info("vtpm_calls", "%llu, %llu of them RETRY, longest %llu ns",
		  (unsigned long long)s.calls, (unsigned long long)s.retries,
		  (unsigned long long)s.longest_ns);
}
