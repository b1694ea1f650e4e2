/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* PVALIDATE at VMPL0: APM vol. 3, PVALIDATE; vol. 2, 15.36.6 and table 15-39. */
#include "bare/machine/region.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "lib/string.h"

#define R 0 /* the region that this file uses */

struct step {
	const char *name, *rule;
	uint64_t offset; /* from the region */
	uint32_t size, validate;
	uint32_t result;
	bool no_change;
};

static void run_steps(const struct step *s, unsigned n)
{
	bool cf;

	for (unsigned i = 0; i < n; i++) {
		test_case_of(s[i].rule, "%s", s[i].name);
		CHECK_EQ(pvalidate(MEM_REGION(R) + s[i].offset, s[i].size, s[i].validate, &cf),
			 s[i].result);
		if (s[i].result == SNP_SUCCESS)
			CHECK_EQ(cf, s[i].no_change);
	}
}

TEST(pvalidate_2m, "pvalidate-2m", "PVALIDATE of a 2M page: success, no change (CF), rescind",
     "apm:pvalidate:cf apm:pvalidate:input")
{
	static const struct step steps[] = {
		{"validate", "apm:pvalidate:cf", 0, RMP_PG_2M, 1, SNP_SUCCESS, false},
		{"validate again: CF", "apm:pvalidate:cf", 0, RMP_PG_2M, 1, SNP_SUCCESS, true},
		{"rescind", "apm:pvalidate:cf", 0, RMP_PG_2M, 0, SNP_SUCCESS, false},
		{"rescind again: CF", "apm:pvalidate:cf", 0, RMP_PG_2M, 0, SNP_SUCCESS, true},
		{"unaligned 2M: FAIL_INPUT", "apm:pvalidate:input", 0x1000, RMP_PG_2M, 1,
		 SNP_FAIL_INPUT, false},
	};

	REQUIRE(region_reset(R));
	run_steps(steps, ARRAY_LEN(steps));
	CHECK(region_reset(R));
}

/* A 4K PVALIDATE in a 2M entry exits to the hypervisor, which splits the entry; a 2M one on 4K
 * entries is FAIL_SIZEMISMATCH: APM vol. 2, table 15-40. */
TEST(pvalidate_4k, "pvalidate-4k", "PVALIDATE of 4K pages, and 2M on a smashed region",
     "apm:pvalidate:cf apm:15-40:4k-in-2m apm:15-40:2m-on-4k")
{
	static const struct step steps[] = {
		{"first page", "apm:15-40:4k-in-2m", 0, RMP_PG_4K, 1, SNP_SUCCESS, false},
		{"first page again: CF", "apm:pvalidate:cf", 0, RMP_PG_4K, 1, SNP_SUCCESS, true},
		{"last page", "apm:pvalidate:cf", 0x1ff000, RMP_PG_4K, 1, SNP_SUCCESS, false},
		{"2M on 4K entries", "apm:15-40:2m-on-4k", 0, RMP_PG_2M, 1, SNP_FAIL_SIZEMISMATCH,
		 false},
		{"2M rescind on 4K entries", "apm:15-40:2m-on-4k", 0, RMP_PG_2M, 0,
		 SNP_FAIL_SIZEMISMATCH, false},
		{"rescind first", "apm:pvalidate:cf", 0, RMP_PG_4K, 0, SNP_SUCCESS, false},
		{"rescind last", "apm:pvalidate:cf", 0x1ff000, RMP_PG_4K, 0, SNP_SUCCESS, false},
		{"rescind last again: CF", "apm:pvalidate:cf", 0x1ff000, RMP_PG_4K, 0, SNP_SUCCESS,
		 true},
	};

	REQUIRE(region_reset(R));
	run_steps(steps, ARRAY_LEN(steps));
	CHECK(region_reset(R));
}

/* A 4K rescission in a validated 2M entry splits it, and the other 511 pages stay validated. */
TEST(pvalidate_smash, "pvalidate-smash", "rescinding 4K of a validated 2M page leaves the rest",
     "apm:15-40:4k-in-2m")
{
	volatile uint64_t *p = (volatile uint64_t *)MEM_REGION(R);
	bool cf;

	REQUIRE(region_reset(R));
	REQUIRE_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, &cf), SNP_SUCCESS);
	p[0] = 1;
	p[PAGE_SIZE * 2 / 8] = 2;
	CHECK_EQ(pvalidate(MEM_PAGE(R, 1), RMP_PG_4K, 0, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, false);
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[PAGE_SIZE * 2 / 8], 2);
	CHECK_EQ(pvalidate(MEM_PAGE(R, 2), RMP_PG_4K, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, true);
	CHECK_EQ(pvalidate(MEM_PAGE(R, 1), RMP_PG_4K, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, false);
	CHECK(region_reset(R));
}

/* PVALIDATE changes no content, in either direction. */
TEST(pvalidate_contents, "pvalidate-contents",
     "rescind and validate keep a private page's contents", "apm:pvalidate:contents")
{
	volatile uint64_t *p = (volatile uint64_t *)MEM_PAGE(R, 5);

	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 5, 1));
	p[511] = 0x1122334455667788;
	REQUIRE_EQ(pvalidate(MEM_PAGE(R, 5), RMP_PG_4K, 0, NULL), SNP_SUCCESS);
	REQUIRE_EQ(pvalidate(MEM_PAGE(R, 5), RMP_PG_4K, 1, NULL), SNP_SUCCESS);
	CHECK_EQ(p[511], 0x1122334455667788);
	CHECK(region_reset(R));
}

/* RAX is a virtual address: an unmapped one is a page fault, not a result. */
TEST(pvalidate_fault, "pvalidate-fault", "PVALIDATE through an unmapped address raises #PF",
     "apm:pvalidate:page-fault")
{
	struct fault f;

	paging_unmap(0);
	if (FAULT_CATCH(&f)) {
		pvalidate(PAGING_WINDOW, RMP_PG_4K, 1, NULL);
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_PF);
	CHECK_EQ(f.cr2, PAGING_WINDOW);
	CHECK_EQ(f.error & PF_ERR_P, 0);
}

/* OF, ZF, AF, PF and SF follow from the code in EAX; CF says whether anything changed. */
TEST(pvalidate_flags, "pvalidate-flags", "PVALIDATE sets ZF by its return code",
     "apm:pvalidate:flags")
{
	uint64_t flags, rax;

	REQUIRE(region_reset(R));
	for (unsigned unaligned = 0; unaligned < 2; unaligned++) {
		rax = MEM_PAGE(R, unaligned);
		__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff\n\tpushfq\n\tpopq %1"
				 : "+a"(rax), "=r"(flags)
				 : "c"(RMP_PG_2M), "d"(1)
				 : "memory", "cc");
		CHECK_EQ(flags >> 6 & 1, !unaligned);
		CHECK_EQ((uint32_t)rax, unaligned ? SNP_FAIL_INPUT : SNP_SUCCESS);
	}
	CHECK(region_reset(R));
}
