/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* SVSM_CORE_PVALIDATE: 58019, 6.2 and table 6. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "lib/string.h"

#define R 1

static union {
	struct svsm_pvalidate_list h;
	struct {
		uint64_t head;
		uint64_t entry[SVSM_PVALIDATE_MAX + 1];
	};
} list ALIGNED(4096);

static uint64_t submit(uint64_t gpa)
{
	return svsm(CORE(PVALIDATE), gpa, 0, 0, 0);
}

/* One entry, one call, no retry. */
static uint64_t one(uint64_t entry)
{
	list.h.count = 1;
	list.h.next = 0;
	list.entry[0] = entry;
	return submit((uint64_t)&list);
}

static uint64_t until_done(void)
{
	uint64_t r;
	uint16_t before;

	do {
		before = list.h.next;
		r = submit((uint64_t)&list);
		if (r == SVSM_ERR_INCOMPLETE && list.h.next <= before)
			return ~0ull; /* INCOMPLETE without progress */
	} while (r == SVSM_ERR_INCOMPLETE || r == SVSM_ERR_BUSY);
	return r;
}

#define E_4K(v)   SVSM_ENTRY(MEM_PAGE(R, 5), RMP_PG_4K, v)
#define E_2M(v)   SVSM_ENTRY(MEM_REGION(R), RMP_PG_2M, v)
#define NO_CHANGE SVSM_ERR_PVALIDATE_NO_CHANGE

struct step {
	const char *name;
	uint64_t entry, result;
	uint64_t also; /* what another SVSM may answer, when it is not 0 */
};

static void run_steps(const struct step *s, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t r;

		test_case("%s", s[i].name);
		r = one(s[i].entry);
		CHECK_ANSWER(r, s[i].result, s[i].also ? s[i].also : s[i].result);
		CHECK_EQ(list.h.next, r == SVSM_SUCCESS);
	}
}

/*
 * To rescind what is not validated meets two rules of 6.2: PVALIDATE sets CF, but the RMPADJUST
 * that comes before it is an access to a page that is not validated, and that faults.
 */
#define AGAIN SVSM_ERR_INVALID_ADDRESS

TEST(pv_4k, "pvalidate-4k", "4K: rescind, validate, no change, ignore CF; a new page is zero",
     "svsm:6.2:no-change svsm:6.2:next svsm:6.2:clear")
{
	const struct step steps[] = {
		{"validate a validated page", E_4K(true), NO_CHANGE, 0},
		{"the same, ignore CF", E_4K(true) | SVSM_PVALIDATE_IGNORE_CF, SVSM_SUCCESS, 0},
		{"rescind", E_4K(false), SVSM_SUCCESS, 0},
		{"rescind again", E_4K(false), NO_CHANGE, AGAIN},
		{"rescind again, ignore CF", E_4K(false) | SVSM_PVALIDATE_IGNORE_CF, SVSM_SUCCESS,
		 AGAIN},
		{"validate", E_4K(true), SVSM_SUCCESS, 0},
	};
	volatile uint64_t *p = (volatile uint64_t *)MEM_PAGE(R, 5);

	*p = 0x1234;
	run_steps(steps, ARRAY_LEN(steps));
	CHECK_EQ(*p, 0);
	CHECK(calls_region_intact(R));
}

TEST(pv_2m, "pvalidate-2m", "2M: whole regions, and size mismatch once 4K pages differ",
     "svsm:6.2:no-change svsm:6.2:code")
{
	const struct step steps[] = {
		{"validate a validated region", E_2M(true), NO_CHANGE, 0},
		{"ignore CF", E_2M(true) | SVSM_PVALIDATE_IGNORE_CF, SVSM_SUCCESS, 0},
		{"rescind 2M", E_2M(false), SVSM_SUCCESS, 0},
		{"rescind 2M again", E_2M(false), NO_CHANGE, AGAIN},
		{"validate 2M", E_2M(true), SVSM_SUCCESS, 0},
		{"rescind 4K inside", E_4K(false), SVSM_SUCCESS, 0},
		{"validate 2M over it", E_2M(true), SVSM_ERR_PVALIDATE_SIZEMISMATCH, 0},
		{"rescind 2M over it", E_2M(false), SVSM_ERR_PVALIDATE_SIZEMISMATCH, 0},
		{"validate 4K", E_4K(true), SVSM_SUCCESS, 0},
	};

	calls_need_fresh(R);
	run_steps(steps, ARRAY_LEN(steps));
	CHECK(calls_region_intact(R));
}

TEST(pv_entries, "pvalidate-entries", "entries: sizes 2 and 3, reserved bits, alignment of 2M",
     "svsm:6.2:entry")
{
	uint64_t e;

	for (unsigned size = 2; size < 4; size++) {
		test_case("size %u", size);
		CHECK_EQ(one(SVSM_ENTRY(MEM_PAGE(R, 5), size, true)), SVSM_ERR_INVALID_PARAMETER);
	}
	for (unsigned bit = 4; bit < 12; bit++) {
		test_case("reserved bit %u", bit);
		e = E_4K(false) | BIT(bit);
		CHECK_EQ(one(e), SVSM_ERR_INVALID_PARAMETER);
	}
	test_case("2M at a 4K boundary");
	CHECK_EQ(one(SVSM_ENTRY(MEM_PAGE(R, 1), RMP_PG_2M, false)), SVSM_ERR_INVALID_PARAMETER);
	test_case("nothing happened");
	CHECK_EQ(one(E_4K(true)), NO_CHANGE);
	CHECK(calls_region_intact(R));
}

TEST(pv_addresses, "pvalidate-addresses",
     "pages that are not the guest's are refused, both ways and sizes", "svsm:6.2:address")
{
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		for (unsigned validate = 0; validate < 2; validate++) {
			if (a->gpa == percpu()->ghcb_gpa) /* shared: shared.c has that case */
				continue;
			test_case("%s, validate %u", a->name, validate);
			CHECK_EQ(one(SVSM_ENTRY(a->gpa, RMP_PG_4K, validate)),
				 SVSM_ERR_INVALID_ADDRESS);
			CHECK_EQ(one(SVSM_ENTRY(ALIGN_DOWN(a->gpa, SIZE_2M), RMP_PG_2M, validate) |
				     SVSM_PVALIDATE_IGNORE_CF),
				 SVSM_ERR_INVALID_ADDRESS);
		}
	}
}

TEST(pv_duties, "pvalidate-duties",
     "calling areas, VMSA pages and the list itself cannot be rescinded", "keelson:duties")
{
	smp_start();
	test_case("own calling area");
	CHECK_EQ(one(SVSM_ENTRY((uint64_t)percpu()->caa, RMP_PG_4K, false)),
		 SVSM_ERR_INVALID_ADDRESS);
	test_case("the other's calling area");
	CHECK_EQ(one(SVSM_ENTRY(smp_caa(), RMP_PG_4K, false)), SVSM_ERR_INVALID_ADDRESS);
	test_case("a VMSA page");
	CHECK_EQ(one(SVSM_ENTRY(smp_vmsa(), RMP_PG_4K, false)), SVSM_ERR_INVALID_ADDRESS);
	test_case("a VMSA page, validate");
	CHECK_EQ(one(SVSM_ENTRY(smp_vmsa(), RMP_PG_4K, true)), SVSM_ERR_INVALID_ADDRESS);
	test_case("the list");
	CHECK_EQ(one(SVSM_ENTRY((uint64_t)&list, RMP_PG_4K, false)), SVSM_ERR_INVALID_ADDRESS);
	test_case("2M around the list and the calling area");
	CHECK_EQ(one(SVSM_ENTRY(ALIGN_DOWN((uint64_t)&list, SIZE_2M), RMP_PG_2M, false)),
		 SVSM_ERR_INVALID_ADDRESS);
}

struct header_row {
	const char *name;
	uint64_t offset; /* of the list in its page */
	uint16_t count, next;
};

TEST(pv_header, "pvalidate-header",
     "list headers: count 0, too many, next beyond, crossing the page, alignment",
     "svsm:6.2:list svsm:5:align")
{
	static const struct header_row rows[] = {
		{"count 0", 0, 0, 0},
		{"count 0, next 1", 0, 0, 1},
		{"count 512, past the page", 0, 512, 0},
		{"count 0xffff", 0, 0xffff, 0},
		{"next = count", 0, 1, 1},
		{"next > count", 0, 1, 2},
		{"next 0xffff", 0, 1, 0xffff},
		{"one entry across the page", 0xff8, 1, 0},
		{"the last entry across the page", 0x800, 256, 0},
		{"unaligned by 1", 1, 1, 0},
		{"unaligned by 4", 4, 1, 0},
		{"unaligned by 7", 0x807, 1, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t at = MEM_PAGE(R, 8) + rows[i].offset;
		struct svsm_pvalidate_list h = {.count = rows[i].count, .next = rows[i].next};

		test_case("%s", rows[i].name);
		memset((void *)MEM_PAGE(R, 8), 0, PAGE_SIZE * 2);
		memcpy((void *)at, &h, sizeof(h));
		CHECK_EQ(submit(at), SVSM_ERR_INVALID_PARAMETER);
		if (scope_own()) /* what next is after such an error is not said */
			CHECK_EQ(memcmp((void *)at, &h, sizeof(h)), 0);
	}
	CHECK(calls_region_intact(R));
}

/*
 * 5: an address that faults. The SVSM's own memory does not fault when the SVSM reads it; 6.2 names
 * it for the entries of a list, and nothing names it for the list itself. It must be refused: a
 * parameter that is not the guest's memory is either error.
 */
TEST(pv_list_address, "pvalidate-list-address", "lists that are not in guest memory",
     "svsm:5:fault")
{
	for (const struct bad_address *a = calls_bad_addresses(); a->name; a++) {
		test_case("%s", a->name);
		CHECK_ANSWER(submit(a->gpa), SVSM_ERR_INVALID_ADDRESS,
			     a->svsm ? SVSM_ERR_INVALID_PARAMETER : SVSM_ERR_INVALID_ADDRESS);
	}
	test_case("unvalidated");
	CHECK_EQ(submit(calls_unvalidated()), SVSM_ERR_INVALID_ADDRESS);
}

/* The largest list that a page can hold. */
TEST(pv_long, "pvalidate-long", "510 entries: INCOMPLETE gets on, next ends at count",
     "svsm:6.2:incomplete svsm:6.2:next")
{
	for (unsigned validate = 0; validate < 2; validate++) {
		test_case("510 entries, validate %u", validate);
		list.h.count = SVSM_PVALIDATE_MAX;
		list.h.next = 0;
		for (unsigned i = 0; i < SVSM_PVALIDATE_MAX; i++)
			list.entry[i] = SVSM_ENTRY(MEM_PAGE(R, i), RMP_PG_4K, validate);
		CHECK_EQ(until_done(), SVSM_SUCCESS);
		CHECK_EQ(list.h.next, SVSM_PVALIDATE_MAX);
		CHECK_EQ(list.h.count, SVSM_PVALIDATE_MAX);
	}
	CHECK(calls_region_intact(R));
}

/* Linux puts its lists into the rest of the calling area's page. */
TEST(pv_in_caa, "pvalidate-in-caa", "a list in the calling area itself, as Linux makes it",
     "svsm:6.2:list")
{
	struct svsm_pvalidate_list *l = (void *)percpu()->caa->buffer;

	for (unsigned validate = 0; validate < 2; validate++) {
		uint64_t r;

		test_case("510 entries, validate %u", validate);
		l->count = SVSM_PVALIDATE_MAX;
		l->next = 0;
		for (unsigned i = 0; i < SVSM_PVALIDATE_MAX; i++)
			l->entry[i] = SVSM_ENTRY(MEM_PAGE(R, i), RMP_PG_4K, validate);
		do
			r = submit((uint64_t)l);
		while (r == SVSM_ERR_INCOMPLETE);
		CHECK_EQ(r, SVSM_SUCCESS);
		CHECK_EQ(l->next, SVSM_PVALIDATE_MAX);
	}
	CHECK(calls_region_intact(R));
}

TEST(pv_stops, "pvalidate-stops", "a bad entry stops the list there; what came before is done",
     "svsm:6.2:next svsm:6.2:address")
{
	list.h.count = 4;
	list.h.next = 1; /* entry 0 is skipped */
	list.entry[0] = ~0ull;
	list.entry[1] = SVSM_ENTRY(MEM_PAGE(R, 1), RMP_PG_4K, false);
	list.entry[2] = SVSM_ENTRY(MEM_SVSM, RMP_PG_4K, false);
	list.entry[3] = SVSM_ENTRY(MEM_PAGE(R, 3), RMP_PG_4K, false);
	CHECK_EQ(submit((uint64_t)&list), SVSM_ERR_INVALID_ADDRESS);
	CHECK_EQ(list.h.next, 2);
	CHECK_EQ(one(SVSM_ENTRY(MEM_PAGE(R, 3), RMP_PG_4K, true)), NO_CHANGE);
	CHECK_EQ(one(SVSM_ENTRY(MEM_PAGE(R, 1), RMP_PG_4K, true)), SVSM_SUCCESS);
	CHECK(calls_region_intact(R));
}

/* 16 regions of 2M: more work than one call does, so INCOMPLETE comes in between. */
TEST(pv_many_2m, "pvalidate-many-2m", "16 regions of 2M, rescinded and validated by one list each",
     "svsm:6.2:incomplete")
{
	for (unsigned i = 0; i < MEM_REGIONS; i++)
		calls_need_fresh(i);
	for (unsigned validate = 0; validate < 2; validate++) {
		list.h.count = MEM_REGIONS;
		list.h.next = 0;
		for (unsigned i = 0; i < MEM_REGIONS; i++)
			list.entry[i] = SVSM_ENTRY(MEM_REGION(i), RMP_PG_2M, validate);
		test_case("validate %u", validate);
		CHECK_EQ(until_done(), SVSM_SUCCESS);
	}
	for (unsigned i = 0; i < MEM_REGIONS; i++)
		CHECK(calls_region_intact(i));
}

TEST(pv_access, "pvalidate-access", "a rescinded page raises #VC 0x404, a validated one does not",
     "svsm:6.2:validate apm:15.36.10:validated")
{
	volatile uint64_t *p = (volatile uint64_t *)MEM_PAGE(R, 5);
	struct fault f;

	REQUIRE_EQ(one(E_4K(false)), SVSM_SUCCESS);
	if (FAULT_CATCH(&f)) {
		*p = 1;
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_VC);
	CHECK_EQ(f.error, VC_PAGE_NOT_VALIDATED);
	CHECK_EQ(f.cr2, (uint64_t)p);
	CHECK_EQ(one(E_4K(true)), SVSM_SUCCESS);
	*p = 1;
	CHECK_EQ(*p, 1);
}

static uint64_t rights_of(unsigned vmpl)
{
	uint64_t size, attributes = vmpl;

	CHECK_EQ(rmpquery(MEM_PAGE(R, 5), &size, &attributes), SNP_SUCCESS);
	return attributes >> 8 & 0xff;
}

/* 6.2: RMPADJUST takes the rights of every VMPL above 0 before PVALIDATE, because the RMP entry
 * keeps them. Without an RMPUPDATE in between they would be there again at once. */
TEST(pv_rights, "pvalidate-rights",
     "rights that the guest gave to VMPL3 are gone when the page has been rescinded",
     "svsm:6.2:rescind-rights")
{
	if (!(ghcb_msr_cpuid(0x8000001f, 0) >> 6 & 1))
		test_skip("this processor has no RMPQUERY");
	CHECK_EQ(rmpadjust(MEM_PAGE(R, 5), RMP_PG_4K, RMPADJUST_ATTR(3, RMP_R | RMP_W)),
		 SNP_SUCCESS);
	CHECK_EQ(rights_of(3), RMP_R | RMP_W);
	CHECK_EQ(one(E_4K(false)), SVSM_SUCCESS);
	CHECK_EQ(one(E_4K(true)), SVSM_SUCCESS);
	CHECK_EQ(rights_of(3), 0);
	CHECK_EQ(rights_of(vmpl_own), RMP_RWX);
}

/* The loader leaves RAM of the guest that was never validated. */
TEST(pv_hole, "pvalidate-hole", "memory nobody validated yet: 2M and 4K, and back",
     "svsm:6.2:validate svsm:6.2:clear")
{
	uint64_t at = calls_unvalidated();

	uint64_t r;

	test_case("2M");
	r = one(SVSM_ENTRY(at, RMP_PG_2M, true));
	/* the host may have backed it with 4K pages */
	CHECK_ANSWER(r, SVSM_SUCCESS, SVSM_ERR_PVALIDATE_SIZEMISMATCH);
	if (r == SVSM_SUCCESS) {
		CHECK_EQ(*(volatile uint64_t *)(at + 0x5000), 0);
		CHECK_EQ(one(SVSM_ENTRY(at, RMP_PG_2M, false)), SVSM_SUCCESS);
	}
	test_case("4K");
	CHECK_EQ(one(SVSM_ENTRY(at + SIZE_2M, RMP_PG_4K, true)), SVSM_SUCCESS);
	CHECK_EQ(*(volatile uint64_t *)(at + SIZE_2M), 0);
	CHECK_EQ(one(SVSM_ENTRY(at + SIZE_2M, RMP_PG_4K, false)), SVSM_SUCCESS);
}
