/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SVSM_CORE_REMAP_CA: 58019, 6.1. */
#include "bare/core/calls.h"
#include "bare/lib/smp.h"
#include "bare/lib/vmpl.h"

#define R 0

static uint64_t remap(uint64_t gpa)
{
	return svsm(CORE(REMAP_CA), gpa, 0, 0, 0);
}

/* 6.1: call_pending of the old area is cleared at the end; when it succeeds, the new one's too. */
static uint64_t remap_to(uint64_t gpa)
{
	struct svsm_call c = {.rax = CORE(REMAP_CA), .rcx = gpa};
	struct svsm_caa *new = (struct svsm_caa *)gpa;
	uint64_t rax = svsm_call(&c);

	CHECK_EQ(c.pending, 0);
	if (rax == SVSM_SUCCESS) {
		CHECK_EQ(READ_ONCE(new->call_pending), 0);
		percpu()->caa = new;
	}
	return rax;
}

static uint64_t ask(void)
{
	return svsm(CORE(QUERY_PROTOCOL), 1, 0, 0, 0);
}

TEST(remap_valid, "remap-valid", "the calling area moves, works at the new place, and moves back",
     "svsm:6.1:remap svsm:6.1:pending svsm:6.1:old keelson:remap-same")
{
	uint64_t old = (uint64_t)percpu()->caa;

	*(uint64_t *)MEM_PAGE(R, 3) = ~0ull; /* old content of the new area does not count */
	CHECK_EQ(remap_to(MEM_PAGE(R, 3)), SVSM_SUCCESS);
	CHECK_EQ(ask(), SVSM_SUCCESS);
	if (test_case_asked("keelson:remap-same", "to itself"))
		CHECK_EQ(remap_to(MEM_PAGE(R, 3)), SVSM_SUCCESS);
	CHECK_EQ(ask(), SVSM_SUCCESS);
	test_case("the old page is plain memory again");
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(old, RMP_PG_4K, false)), SVSM_SUCCESS);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(old, RMP_PG_4K, true)), SVSM_SUCCESS);
	test_case("back");
	CHECK_EQ(remap_to(old), SVSM_SUCCESS);
	CHECK_EQ(ask(), SVSM_SUCCESS);
	CHECK(calls_region_intact(R));
}

TEST(remap_bad, "remap-bad",
     "REMAP_CA refuses unaligned, foreign and unvalidated pages; the area stays",
     "svsm:6.1:address svsm:5:align")
{
	static const uint64_t offsets[] = {1, 8, 0x800, 0xfff};

	for (unsigned i = 0; i < ARRAY_LEN(offsets); i++) {
		test_case("unaligned by 0x%llx", (unsigned long long)offsets[i]);
		CHECK_EQ(remap(MEM_PAGE(R, 1) + offsets[i]), SVSM_ERR_INVALID_PARAMETER);
		CHECK_EQ(ask(), SVSM_SUCCESS);
	}
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		test_case("%s", a->name);
		CHECK_EQ(remap(a->gpa), SVSM_ERR_INVALID_ADDRESS);
		CHECK_EQ(ask(), SVSM_SUCCESS);
	}
	test_case("unvalidated page");
	CHECK_EQ(remap(calls_unvalidated()), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(ask(), SVSM_SUCCESS);
}

TEST(remap_foreign, "remap-foreign", "REMAP_CA refuses another vCPU's calling area and a VMSA page",
     "svsm:6.1:address keelson:duties")
{
	smp_start();
	if (test_case_asked("keelson:duties", "the other vCPU's calling area"))
		CHECK_EQ(remap(smp_caa()), SVSM_ERR_INVALID_ADDRESS);
	test_case("a VMSA page");
	CHECK_EQ(remap(smp_vmsa()), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(ask(), SVSM_SUCCESS);
}
