/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* One vCPU spoils what the SVSM asks the hypervisor and what that answers, the other calls: each
 * call has to be served as ever. */
#include "bare/core/calls.h"
#include "bare/lib/smp.h"
#include "bare/lib/spoil.h"

#define R     13
#define CALLS 300 /* for each way of spoiling */

static bool one_call(unsigned i)
{
	struct svsm_call c = {.rax = CORE(QUERY_PROTOCOL), .rcx = 1};

	return svsm_call(&c) == SVSM_SUCCESS && c.rcx == (1ull << 32 | 1) && !c.pending &&
	       svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 5), RMP_PG_4K, i & 1)) == SVSM_SUCCESS;
}

TEST(host_page, "host-page-spoilt",
     "a vCPU that writes into the SVSM's GHCBs keeps no other vCPU from its calls",
     "keelson:host-page")
{
	smp_start();
	for (unsigned way = 0; spoil_begin(way); way++) {
		unsigned i = 0;

		while (i < CALLS && one_call(i))
			i++;
		CHECK_EQ(i, CALLS);
		spoil_end();
	}
	CHECK(calls_region_intact(R));
}
