/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The monitor's option no-invlpgb: a host that allows its guests neither INVLPGB nor TLBSYNC. */
#include "bare/lib/bare.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

static void flush(void *arg)
{
	(void)arg;
	invlpgb(INVLPGB_ALL, 0);
}

static void sync(void *arg)
{
	(void)arg;
	tlbsync();
}

/* APM vol. 3, INVLPGB and TLBSYNC: #UD in a guest unless the VMCB enables them. */
TEST(undefined, "no-invlpgb", "INVLPGB and TLBSYNC raise #UD where the host does not allow them",
     "apm:invlpgb:allowed")
{
	struct fault f;

	CHECK_EQ(fault_call(&f, flush, NULL), VEC_UD);
	CHECK_EQ(fault_call(&f, sync, NULL), VEC_UD);
}

void bare_main(void)
{
	test_main("no-invlpgb");
}
