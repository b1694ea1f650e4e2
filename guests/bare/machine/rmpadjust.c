/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* RMPADJUST and RMPQUERY at VMPL0: APM vol. 3; vol. 2, 15.36.7. */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define R 1

struct adjust {
	const char *name, *rule;
	uint64_t offset, size, attributes;
	uint32_t result;
};

static void run_table(const struct adjust *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		test_case_of(t[i].rule, "%s", t[i].name);
		CHECK_EQ(rmpadjust(MEM_REGION(R) + t[i].offset, t[i].size, t[i].attributes),
			 t[i].result);
	}
}

TEST(rmpadjust_rules, "rmpadjust-rules", "RMPADJUST: VMPL, size and alignment rules",
     "apm:rmpadjust:level apm:rmpadjust:input apm:15-40:2m-on-4k")
{
	static const struct adjust table[] = {
		{"own VMPL", "apm:rmpadjust:level", 0, RMP_PG_4K, RMPADJUST_ATTR(0, RMP_RWX),
		 SNP_FAIL_PERMISSION},
		{"VMPL1 all rights", "apm:rmpadjust:level", 0, RMP_PG_4K,
		 RMPADJUST_ATTR(1, RMP_RWX), SNP_SUCCESS},
		{"VMPL2 all rights", "apm:rmpadjust:level", 0, RMP_PG_4K,
		 RMPADJUST_ATTR(2, RMP_RWX), SNP_SUCCESS},
		{"VMPL3 all rights", "apm:rmpadjust:level", 0, RMP_PG_4K,
		 RMPADJUST_ATTR(3, RMP_RWX), SNP_SUCCESS},
		{"VMPL4 does not exist", "apm:rmpadjust:input", 0, RMP_PG_4K, RMPADJUST_ATTR(4, 0),
		 SNP_FAIL_INPUT},
		{"VMPL255 does not exist", "apm:rmpadjust:input", 0, RMP_PG_4K,
		 RMPADJUST_ATTR(255, 0), SNP_FAIL_INPUT},
		{"2M, unaligned", "apm:rmpadjust:input", 0x1000, RMP_PG_2M,
		 RMPADJUST_ATTR(1, RMP_R), SNP_FAIL_INPUT},
		{"2M on 4K entries", "apm:15-40:2m-on-4k", 0, RMP_PG_2M, RMPADJUST_ATTR(1, RMP_R),
		 SNP_FAIL_SIZEMISMATCH},
		{"VMPL1 none", "apm:rmpadjust:level", 0, RMP_PG_4K, RMPADJUST_ATTR(1, 0),
		 SNP_SUCCESS},
	};

	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 0, 1));
	run_table(table, ARRAY_LEN(table));
	CHECK(region_reset(R));
}

TEST(rmpadjust_2m, "rmpadjust-2m", "RMPADJUST of a 2M page, then 4K inside it",
     "apm:15-40:4k-in-2m apm:15-40:2m-on-4k")
{
	static const struct adjust table[] = {
		{"2M", "apm:rmpadjust:level", 0, RMP_PG_2M, RMPADJUST_ATTR(2, RMP_R | RMP_W),
		 SNP_SUCCESS},
		{"4K inside: smashed", "apm:15-40:4k-in-2m", 0x3000, RMP_PG_4K,
		 RMPADJUST_ATTR(2, RMP_R), SNP_SUCCESS},
		{"2M no more", "apm:15-40:2m-on-4k", 0, RMP_PG_2M, RMPADJUST_ATTR(2, RMP_R),
		 SNP_FAIL_SIZEMISMATCH},
	};

	REQUIRE(region_reset(R));
	REQUIRE_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, NULL), SNP_SUCCESS);
	run_table(table, ARRAY_LEN(table));
	CHECK(region_reset(R));
}

TEST(rmpadjust_unvalidated, "rmpadjust-unvalidated", "RMPADJUST of an unvalidated page: #VC 0x404",
     "apm:rmpadjust:validated")
{
	struct fault f;

	REQUIRE(region_reset(R));
	if (FAULT_CATCH(&f)) {
		rmpadjust(MEM_REGION(R), RMP_PG_4K, RMPADJUST_ATTR(1, RMP_R));
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.error, VC_PAGE_NOT_VALIDATED);
}

/* CPUID 8000001F EAX[6]: RMPQUERY; without it the instruction is undefined. */
TEST(query, "rmpquery", "RMPQUERY tells size and rights, or raises #UD where CPUID lacks it",
     "apm:rmpquery:result apm:rmpquery:cpuid")
{
	bool have = ghcb_msr_cpuid(0x8000001f, 0) >> 6 & 1;
	uint64_t size = 0, attributes;
	struct fault f;
	uint32_t result = 0;

	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 0, 1));
	REQUIRE_EQ(rmpadjust(MEM_REGION(R), RMP_PG_4K, RMPADJUST_ATTR(2, RMP_R | RMP_XU)), 0);
	attributes = 2;
	if (FAULT_CATCH(&f)) {
		result = rmpquery(MEM_REGION(R), &size, &attributes);
		fault_release();
	}
	if (have) {
		CHECK(!f.hit);
		CHECK_EQ(result, SNP_SUCCESS);
		CHECK_EQ(size, RMP_PG_4K);
		CHECK_EQ(attributes, RMPADJUST_ATTR(2, RMP_R | RMP_XU));
		test_case("VMPL4 does not exist: 0 and 2 are the only results");
		attributes = VMPL_COUNT;
		CHECK_EQ(rmpquery(MEM_REGION(R), &size, &attributes), SNP_FAIL_PERMISSION);
	} else {
		CHECK_EQ(f.vector, VEC_UD);
	}
	CHECK(region_reset(R));
}

/* A page that the hypervisor has assigned gives all rights to VMPL0 and none to the others. */
TEST(rights_reset, "rights-reset", "a fresh private page gives VMPL1..3 nothing",
     "apm:15.36.7:rights")
{
	uint64_t size, attributes;

	if (!(ghcb_msr_cpuid(0x8000001f, 0) >> 6 & 1))
		test_skip("no RMPQUERY");
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 7, 1));
	for (unsigned vmpl = 1; vmpl < VMPL_COUNT; vmpl++) {
		attributes = vmpl;
		CHECK_EQ(rmpquery(MEM_PAGE(R, 7), &size, &attributes), SNP_SUCCESS);
		CHECK_EQ(attributes >> 8 & 0xff, 0);
	}
	CHECK(region_reset(R));
}
