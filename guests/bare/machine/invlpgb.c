/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* INVLPGB and TLBSYNC: APM vol. 3. An SVSM needs them after it has taken rights from a page. */
#include "base/x86.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

TEST(invlpgb_flush, "invlpgb", "INVLPGB and TLBSYNC work in a guest, for its own ASID only",
     "apm:invlpgb:asid")
{
	struct fault f;

	if (FAULT_CATCH(&f)) {
		invlpgb(INVLPGB_ALL, 0);
		tlbsync();
		fault_release();
	}
	CHECK(!f.hit);
	if (FAULT_CATCH(&f)) {
		invlpgb(INVLPGB_ALL, 1);
		fault_release();
	}
	CHECK_EQ(f.hit ? f.vector : FAULT_NONE, VEC_GP);
}
