/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a call costs as our Linux module makes it: by the MSR protocol. INFO "module_call": us of a
 * call in the quickest of many batches, and in the median one.
 */
#include <stdlib.h>

#include "abi/svsm.h"
#include "bench/figures.h"
#include "bench/svsmtest.h"
#include "module/keelson_ioctl.h"
#include "tools/external.h"

#define BATCHES 40u
#define CALLS   50u

/* In the kernel all of a batch, so that a system call is a fiftieth of what is measured. */
static double batch(void)
{
	struct keelson_repeat r = {
		.call = {.rax = SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_QUERY_PROTOCOL),
			 .rcx = (uint64_t)SVSM_PROTO_CORE << 32 | 1,
			 .pending = 1},
		.times = CALLS,
	};
	double start = figures_now();

	CHECK(svsmtest_repeat(&r));
	CHECK_EQ(r.different, 0);
	CHECK_EQ(r.call.rax, SVSM_SUCCESS);
	return (figures_now() - start) / CALLS;
}

EXTERNAL_TEST(calls, "calls", "time of a core call by the module: QUERY_PROTOCOL, 40 times 50")
{
	struct figures f;
	double best;

	if (!svsmtest_open())
		return;
	figures_start(&f, BATCHES);
	for (unsigned i = 0; i < BATCHES; i++)
		f.us[i] = batch();
	best = f.us[0];
	for (unsigned i = 1; i < BATCHES; i++)
		best = f.us[i] < best ? f.us[i] : best;
	figures_end(&f, BATCHES);
	external_info("module_call", "%.1f %.1f", best, f.p50);
}
