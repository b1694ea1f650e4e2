/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The nested tables of every VMPL follow the RMP, page by page and for a whole 2M entry.
 *
 * sources: launch/machine/cpu/npt.c launch/machine/snp/rmp/rmp_rules.c
 */
#include "base/x86.h"
#include "tests/native/check.h"
#include "machine/cpu/guard.h"
#include "machine/cpu/npt.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/snp/rmp/rmp.h"

#include <stdlib.h>
#include <string.h>

#define BASE 0x40200000ull /* a 2 MiB that no table is shared with */

/* ---- one region's RMP entries; "physical" addresses of tables are offsets into an arena ---- */

static struct rmp_entry rmp[PFNS_2M];
static uint8_t arena[128 * PAGE_SIZE] ALIGNED(4096);
static unsigned used;

/* What another CPU does while this one makes a table; NULL: nothing. */
static void (*meanwhile)(void);
static void *given_back;

void *host_pages_alloc(unsigned count)
{
	void *p = arena + used * PAGE_SIZE;
	void (*other)(void) = meanwhile;

	used += count;
	if (used > sizeof(arena) / PAGE_SIZE)
		abort();
	meanwhile = NULL;
	if (other)
		other();
	return memset(p, 0, count * PAGE_SIZE);
}

void host_pages_free(void *p, unsigned count)
{
	CHECK_EQ(count, 1);
	given_back = p;
}

hpa_t host_pa(const void *p)
{
	return hpa((uint64_t)((const uint8_t *)p - arena));
}

void *host_ptr(hpa_t pa)
{
	if (pa.v >= sizeof(arena))
		abort();
	return arena + pa.v;
}

/* The middle of the 2 MiB lies elsewhere, as the window of an adapter does. */
#define WINDOW       (BASE + 0xa0000)
#define WINDOW_BYTES 0x20000ull
#define ELSEWHERE    0x12340000ull

uint64_t gpa_map_run(gpa_t g, hpa_t *host)
{
	*host = hpa(g.v - WINDOW < WINDOW_BYTES ? g.v - WINDOW + ELSEWHERE : g.v);
	return g.v < WINDOW                  ? WINDOW - g.v
	       : g.v < WINDOW + WINDOW_BYTES ? WINDOW + WINDOW_BYTES - g.v
					     : SIZE_1G;
}

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

const struct rmp_entry *rmp_entry(gpa_t g)
{
	static const struct rmp_entry nowhere;

	return g.v - BASE < SIZE_2M ? &rmp[(g.v - BASE) >> PAGE_SHIFT] : &nowhere;
}

uint8_t guard_rights(gpa_t g, uint8_t vmpl, bool is_private)
{
	return rmp_rule_rights(rmp_entry(g), vmpl, is_private);
}

static gpa_t page(unsigned i)
{
	return gpa(BASE + i * PAGE_SIZE);
}

static void set(unsigned first, unsigned n, uint8_t state, uint8_t vmpl2)
{
	for (unsigned i = first; i < first + n; i++)
		rmp[i] = (struct rmp_entry){.state = state,
					    .perms = {RMP_RWX, RMP_RWX, vmpl2, RMP_R}};
}

static void setup(void)
{
	used = 0;
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_RWX);
	npt_init();
	for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
		for (unsigned is_private = 0; is_private < 2; is_private++)
			CHECK(npt_fill(vmpl, is_private, page(0)));
}

/* What each tree gives to a page, against the rule. */
static void check_page(unsigned i)
{
	for (uint8_t vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
		for (unsigned is_private = 0; is_private < 2; is_private++) {
			uint8_t rule = rmp_rule_rights(&rmp[i], vmpl, is_private);

			check_context("page %u VMPL%u %s", i, vmpl,
				      is_private ? "private" : "shared");
			CHECK_EQ(npt_rights(vmpl, is_private, page(i)),
				 (rule & (RMP_R | RMP_W)) | (rule & RMP_XS ? RMP_XU : 0));
		}
}

static void check_all(void)
{
	for (unsigned i = 0; i < PFNS_2M; i++)
		check_page(i);
}

/* The leaf of a tree for a page: [level 4][1 GiB][2 MiB][4 KiB]. */
static uint64_t leaf(uint8_t vmpl, unsigned is_private, unsigned i)
{
	const uint64_t *t = host_ptr(npt_root(vmpl, true));

	t = host_ptr(hpa(t[is_private * 256] & PTE_ADDR));
	t = host_ptr(hpa(t[BASE >> 30] & PTE_ADDR));
	t = host_ptr(hpa(t[BASE >> 21 & 511] & PTE_ADDR));
	return t[i];
}

static uint64_t host_of(gpa_t g)
{
	hpa_t host;

	CHECK(gpa_map_run(g, &host));
	return host.v;
}

TEST(a_2m_entry_in_every_tree)
{
	setup();
	check_all();
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_R);
	CHECK(npt_sync(page(0), PFNS_2M));
	check_all();
	for (unsigned i = 0; i < PFNS_2M; i++)
		CHECK_EQ(leaf(2, true, i) & PTE_ADDR, host_of(page(i)));
	set(0, PFNS_2M, RMP_GUEST, 0); /* shared */
	CHECK(npt_sync(page(0), PFNS_2M));
	check_all();
	for (unsigned i = 0; i < PFNS_2M; i++) {
		CHECK_EQ(leaf(2, true, i), 0);
		CHECK_EQ(leaf(2, false, i) & PTE_ADDR, host_of(page(i)));
	}
}

TEST(one_page_leaves_the_others_alone)
{
	setup();
	set(511, 1, RMP_GUEST | RMP_ASSIGNED, 0);
	CHECK(npt_sync(page(511), 1));
	check_all();
}

/* Only what is lost costs the other CPUs a flush, and one page of 512 is enough. */
TEST(a_flush_is_asked_for_when_a_right_is_lost)
{
	setup();
	CHECK(!npt_sync(page(0), PFNS_2M));
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_R);
	CHECK(npt_sync(page(0), PFNS_2M));
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_RWX);
	CHECK(!npt_sync(page(0), PFNS_2M));
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED, 0);
	CHECK(npt_sync(page(7), 1));
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_RWX);
	CHECK(!npt_sync(page(7), 1));
	npt_alias(2, false, page(300), RMP_R);
	CHECK(npt_sync(page(0), PFNS_2M)); /* what an alias gave is lost as well */
	check_all();
}

/* The next 2 MiB, which has a lock of its own and the same upper tables. */
static void fill_neighbour(void)
{
	CHECK(npt_fill(2, true, gpa(BASE + SIZE_2M)));
}

TEST(two_regions_need_the_same_upper_table_at_once)
{
	used = 0;
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_RWX);
	npt_init();
	given_back = NULL;
	meanwhile = fill_neighbour;
	CHECK(npt_fill(2, true, page(0)));
	CHECK(given_back != NULL); /* the second of the two is not used */
	CHECK_EQ(npt_rights(2, true, page(0)), RMP_R | RMP_W | RMP_XU);
	CHECK(!npt_fill(2, true, gpa(BASE + SIZE_2M))); /* the other's table is there still */
}

/* Upper tables of its own lead to the others' tables: what changes there changes here. */
TEST(the_root_with_a_virtual_tom_has_the_tables_of_the_others)
{
	const uint64_t *t;

	setup();
	CHECK(!npt_vtom(2, 0));
	CHECK(!npt_vtom(2, SIZE_2M + PAGE_SIZE));
	CHECK(npt_vtom(2, SIZE_1G));
	CHECK(npt_vtom(2, SIZE_1G));
	CHECK(!npt_vtom(2, SIZE_2M)); /* one for a VMPL */
	npt_fill(2, true, page(0));
	npt_vtom_link(2, true, page(0));
	t = host_ptr(npt_vtom_root(2));
	t = host_ptr(hpa(t[0] & PTE_ADDR));
	t = host_ptr(hpa(t[BASE >> 30] & PTE_ADDR));
	t = host_ptr(hpa(t[BASE >> 21 & 511] & PTE_ADDR));
	set(0, PFNS_2M, RMP_GUEST | RMP_ASSIGNED | RMP_VALIDATED, RMP_R);
	npt_sync(page(0), PFNS_2M);
	for (unsigned i = 0; i < PFNS_2M; i++)
		CHECK_EQ(t[i], leaf(2, true, i));
}
