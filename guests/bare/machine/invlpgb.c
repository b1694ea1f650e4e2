/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* INVLPGB and TLBSYNC: APM vol. 3. An SVSM needs them after it has taken rights from a page. */
#include "base/x86.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define OWN_ASID 0
#define ALL      0xc /* RAX: of that ASID, global ones too */

static void invlpgb(uint64_t what, uint32_t asid)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xfe" : : "a"(what), "c"(0), "d"(asid) : "memory");
}

static void tlbsync(void)
{
	__asm__ volatile(".byte 0x0f, 0x01, 0xff" : : : "memory");
}

TEST(invlpgb_flush, "invlpgb", "INVLPGB and TLBSYNC work in a guest, for its own ASID only",
     "apm:invlpgb:asid")
{
	struct fault f;

	if (FAULT_CATCH(&f)) {
		invlpgb(ALL, OWN_ASID);
		tlbsync();
		fault_release();
	}
	CHECK(!f.hit);
	if (FAULT_CATCH(&f)) {
		invlpgb(ALL, 1);
		fault_release();
	}
	CHECK_EQ(f.hit ? f.vector : FAULT_NONE, VEC_GP);
}
