/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Page state change lists: GHCB, SNP Page State Change. */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define R 5

struct psc_buffer {
	struct ghcb_psc_header h;
	uint64_t entry[GHCB_PSC_MAX_ENTRIES];
} PACKED ALIGNED(8);

static struct psc_buffer list;

static uint64_t entry(uint64_t gpa, unsigned op, bool huge)
{
	return gpa | (uint64_t)op << 52 | (huge ? GHCB_PSC_ENTRY_2M : 0);
}

/* Hands the list over until all of it is done or an error comes. Returns SW_EXITINFO2. */
static uint64_t run_list(void)
{
	for (unsigned i = 0; i < 1000; i++) {
		struct ghcb *g = ghcb_begin();

		memcpy(g->buffer, &list, sizeof(list));
		GHCB_SET(g, scratch, percpu()->ghcb_gpa + offsetof(struct ghcb, buffer));
		if (ghcb_exit(g, GHCB_EXIT_PSC, 0, 0))
			return ~0ull;
		memcpy(&list, g->buffer, sizeof(list));
		if (g->exit_info2 || list.h.cur > list.h.end)
			return g->exit_info2;
	}
	return ~0ull;
}

static void fill(unsigned count, unsigned op)
{
	memset(&list, 0, sizeof(list));
	list.h.end = (uint16_t)(count - 1);
	for (unsigned i = 0; i < count; i++)
		list.entry[i] = entry(MEM_PAGE(R, i), op, false);
}

TEST(psc_4k, "psc-4k", "a full list of 4K entries to shared and back", "ghcb:psc:list")
{
	REQUIRE(region_reset(R));
	fill(GHCB_PSC_MAX_ENTRIES, GHCB_PSC_SHARED);
	CHECK_EQ(run_list(), 0);
	CHECK_EQ(list.h.cur, GHCB_PSC_MAX_ENTRIES);
	for (unsigned i = 0; i < GHCB_PSC_MAX_ENTRIES; i++)
		*(volatile uint64_t *)paging_shared(MEM_PAGE(R, i)) = i;
	fill(GHCB_PSC_MAX_ENTRIES, GHCB_PSC_PRIVATE);
	CHECK_EQ(run_list(), 0);
	CHECK(region_validate(R, 0, GHCB_PSC_MAX_ENTRIES));
	CHECK(region_reset(R));
}

/* edk2 leaves there what its buffer held before; KVM's snp_begin_psc() reads current and end only.
 */
TEST(psc_reserved, "psc-reserved", "the header's reserved word may hold anything",
     "ghcb:psc:reserved")
{
	REQUIRE(region_reset(R));
	fill(2, GHCB_PSC_SHARED);
	list.h.rsvd = 0x2e67726f;
	CHECK_EQ(run_list(), 0);
	CHECK_EQ(list.h.cur, 2);
	CHECK(region_reset(R));
}

TEST(psc_2m, "psc-2m", "a 2M entry to shared and back; the page is one 2M page again",
     "ghcb:psc:2m")
{
	bool cf;

	REQUIRE(region_reset(R));
	CHECK_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 0, &cf), SNP_SUCCESS);
	memset(&list, 0, sizeof(list));
	list.entry[0] = entry(MEM_REGION(R), GHCB_PSC_SHARED, true);
	CHECK_EQ(run_list(), 0);
	*(volatile uint64_t *)paging_shared(MEM_PAGE(R, 511)) = 1;
	list.h.cur = list.h.end = 0;
	list.entry[0] = entry(MEM_REGION(R), GHCB_PSC_PRIVATE, true);
	CHECK_EQ(run_list(), 0);
	CHECK_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, false);
	CHECK(region_reset(R));
}

/* A page that leaves the guest loses its validation: APM vol. 2, 15.36.6. */
TEST(psc_drops_validation, "psc-drops-validation",
     "a page that was shared meanwhile is not validated", "apm:15.36.6:rmpupdate")
{
	bool cf;

	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 20, 1));
	CHECK_EQ(ghcb_psc(MEM_PAGE(R, 20), GHCB_PSC_SHARED, false), 0);
	CHECK_EQ(ghcb_psc(MEM_PAGE(R, 20), GHCB_PSC_PRIVATE, false), 0);
	CHECK_EQ(pvalidate(MEM_PAGE(R, 20), RMP_PG_4K, 1, &cf), SNP_SUCCESS);
	CHECK_EQ(cf, false);
	CHECK(region_reset(R));
}

/* What RMPQUERY tells of a page, for a VMPL. */
static void check_query(unsigned page, unsigned vmpl, uint8_t rights, uint64_t size)
{
	uint64_t is = ~0ull, attributes = vmpl;

	CHECK_EQ(rmpquery(MEM_PAGE(R, page), &is, &attributes), SNP_SUCCESS);
	CHECK_EQ(attributes, RMPADJUST_ATTR(vmpl, rights));
	CHECK_EQ(is, size);
}

/*
 * APM vol. 2, 15.36.11. To share one page of a 2M entry the hypervisor has to split it first. 2M is
 * tried before any 4K: an instruction of that size would have the entry split itself.
 */
TEST(psc_psmash, "psc-psmash",
     "sharing one page of a 2M entry leaves 511 of 4K, with its validation and its rights",
     "apm:15.36.11:psmash")
{
	if (!(ghcb_msr_cpuid(0x8000001f, 0) >> 6 & 1))
		test_skip("no RMPQUERY");
	REQUIRE(region_reset(R));
	REQUIRE_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, NULL), SNP_SUCCESS);
	REQUIRE_EQ(rmpadjust(MEM_REGION(R), RMP_PG_2M, RMPADJUST_ATTR(1, RMP_R | RMP_W)), 0);
	REQUIRE_EQ(rmpadjust(MEM_REGION(R), RMP_PG_2M, RMPADJUST_ATTR(3, RMP_R | RMP_XU)), 0);
	check_query(0, 1, RMP_R | RMP_W, RMP_PG_2M);
	CHECK_EQ(ghcb_psc(MEM_PAGE(R, 511), GHCB_PSC_SHARED, false), 0);
	CHECK_EQ(pvalidate(MEM_REGION(R), RMP_PG_2M, 1, NULL), SNP_FAIL_SIZEMISMATCH);
	for (unsigned i = 0; i < 511; i++) {
		bool same;

		test_case("page %u", i);
		check_query(i, 1, RMP_R | RMP_W, RMP_PG_4K);
		check_query(i, 2, 0, RMP_PG_4K);
		check_query(i, 3, RMP_R | RMP_XU, RMP_PG_4K);
		CHECK_EQ(pvalidate(MEM_PAGE(R, i), RMP_PG_4K, 1, &same), SNP_SUCCESS);
		CHECK_EQ(same, true);
	}
	CHECK(region_reset(R));
}

struct bad {
	const char *name;
	uint16_t cur, end;
	uint64_t entry;
	bool bad_header;
};

static const struct bad bad[] = {
	{"end beyond the buffer", 0, GHCB_PSC_MAX_ENTRIES, MEM_PAGE(R, 0), true},
	{"end 0xffff", 0, 0xffff, MEM_PAGE(R, 0), true},
	{"operation 0", 0, 0, MEM_PAGE(R, 0), false},
	{"operation 15", 0, 0, MEM_PAGE(R, 0) | 15ull << 52, false},
	{"no RAM there", 0, 0, MEM_NOT_RAM | (uint64_t)GHCB_PSC_SHARED << 52, false},
	{"beyond RAM", 0, 0, MEM_TOO_HIGH | (uint64_t)GHCB_PSC_SHARED << 52, false},
	{"2M, unaligned", 0, 0,
	 MEM_PAGE(R, 1) | (uint64_t)GHCB_PSC_SHARED << 52 | GHCB_PSC_ENTRY_2M, false},
};

/* SW_EXITINFO2 of a bad header is 1 << 32 | 1, of a bad entry 1 << 32 | 2; 0 is success. */
TEST(psc_bad, "psc-bad", "page state change lists with errors are refused, cur stays on the entry",
     "ghcb:psc:bad")
{
	REQUIRE(region_reset(R));
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		uint64_t r;

		test_case("%s", bad[i].name);
		memset(&list, 0, sizeof(list));
		list.h.cur = bad[i].cur;
		list.h.end = bad[i].end;
		list.entry[0] = bad[i].entry;
		r = run_list();
		CHECK_NE(r, 0);
		CHECK_NE(r, ~0ull);
		if (bad[i].bad_header)
			CHECK_EQ(r, 1ull << 32 | 1);
		else
			CHECK_EQ(list.h.cur, 0);
	}
	CHECK(region_reset(R));
}

/* Each entry's cur_page counts the 4K pages that are done: 0 at first. */
TEST(psc_stops, "psc-stops", "entries before a bad one are done, those behind it are not",
     "ghcb:psc:order")
{
	REQUIRE(region_reset(R));
	memset(&list, 0, sizeof(list));
	list.h.end = 2;
	list.entry[0] = entry(MEM_PAGE(R, 0), GHCB_PSC_SHARED, false);
	list.entry[1] = entry(MEM_NOT_RAM, GHCB_PSC_SHARED, false);
	list.entry[2] = entry(MEM_PAGE(R, 2), GHCB_PSC_SHARED, false);
	CHECK_NE(run_list(), 0);
	CHECK_EQ(list.h.cur, 1);
	*(volatile uint64_t *)paging_shared(MEM_PAGE(R, 0)) = 7;
	CHECK_EQ(pvalidate(MEM_PAGE(R, 2), RMP_PG_4K, 1, NULL), SNP_SUCCESS);
	CHECK(region_reset(R));
}
