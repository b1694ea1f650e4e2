/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What a call costs, for `make bench`. No time is judged here: only that the calls were served. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"

#define BATCHES 40
#define CALLS   50

/* CR4 as Linux has it, where the machine looks: QEMU flushes more when the monitor has to follow.
 */
#define CR4_LINUX (CR4_PSE | CR4_PGE | CR4_SMEP | CR4_SMAP)

typedef uint64_t call_fn(struct svsm_call *c);

static uint64_t batch(call_fn *call)
{
	uint64_t start = rdtsc(), bad = 0;

	for (unsigned i = 0; i < CALLS; i++) {
		struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

		bad += call(&c) != SVSM_SUCCESS || c.pending;
	}
	CHECK_EQ(bad, 0);
	return (rdtsc() - start) / CALLS;
}

static void sort(uint64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint64_t x = v[i];
		unsigned at = i;

		for (; at > 0 && v[at - 1] > x; at--)
			v[at] = v[at - 1];
		v[at] = x;
	}
}

/* Ticks of a call in the quickest batch, which the host did not disturb, and in the median one. */
static void measure(const char *key, call_fn *call)
{
	uint64_t ticks[BATCHES];

	for (unsigned i = 0; i < BATCHES; i++)
		ticks[i] = batch(call);
	sort(ticks, BATCHES);
	test_info(key, "%llu %llu", (unsigned long long)ticks[0],
		  (unsigned long long)ticks[BATCHES / 2]);
}

TEST(roundtrip, "call-roundtrip", "time of a core call: QUERY_PROTOCOL, 40 times 50 in each way",
     "keelson:cost")
{
	uint64_t cr4 = read_cr4();
	uint32_t khz = ghcb_tsc_khz();

	CHECK_NE(khz, 0);
	test_info("tsc_khz", "%u", khz);
	measure("core_call_protocol_tsc", svsm_call);
	measure("core_call_ghcb_tsc", svsm_call_ghcb);
	paging_close(true);
	write_cr4(cr4 | CR4_LINUX);
	measure("core_call_linux_tsc", svsm_call_ghcb);
	ghcb_select();
	measure("core_call_two_tsc", svsm_call_ghcb_again);
	write_cr4(cr4);
	paging_close(false);
}
