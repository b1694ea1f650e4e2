/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The memory map: what the host may write into the parameter area, and the range questions.
 *
 * sources: svsm/mm/memmap.c
 */
#include "tests/native/check.h"
#include "abi/igvm.h"
#include "mm/memmap.h"

#include <string.h>

#define SVSM_BASE 0x2000000ull
#define SVSM_SIZE 0x1000000ull

static struct igvm_memory_map_entry table[MEMMAP_MAX_RANGES + 1];

static bool set(unsigned n, const uint64_t (*e)[3])
{
	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < n; i++) {
		table[i].pfn = e[i][0] >> PAGE_SHIFT;
		table[i].pages = e[i][1] >> PAGE_SHIFT;
		table[i].type = e[i][2];
	}
	return memmap_init(table, sizeof(table), NULL, 0, gpa(SVSM_BASE), SVSM_SIZE);
}

#define SET(...)                                                                                   \
	({                                                                                         \
		const uint64_t e_[][3] = {__VA_ARGS__};                                            \
		set(ARRAY_LEN(e_), e_);                                                            \
	})

TEST(usual_map)
{
	const struct memmap_range *r;

	CHECK(SET({0, 0xa0000, 0}, {0xa0000, 0x60000, 1}, {0x100000, 0x1ff00000, 0},
		  {0x100000000, 0x40000000, 0}));
	CHECK_EQ(memmap_ranges(&r), 3);
	CHECK_EQ(memmap_guest_ranges(&r), 4);
	CHECK_EQ(r[1].base.v, 0x100000);
	CHECK_EQ(r[1].size, SVSM_BASE - 0x100000);
	CHECK_EQ(r[2].base.v, SVSM_BASE + SVSM_SIZE);
	CHECK_EQ(memmap_end().v, 0x140000000);
}

TEST(questions_at_the_edges)
{
	CHECK(SET({0x100000, 0x1ff00000, 0}));
	CHECK(memmap_is_ram(gpa(0x100000), 1));
	CHECK(!memmap_is_ram(gpa(0xfffff), 2));
	CHECK(memmap_is_ram(gpa(0x1fffffff), 1));
	CHECK(!memmap_is_ram(gpa(0x1fffffff), 2));
	CHECK(!memmap_is_ram(gpa(0x100000), 0));
	CHECK(!memmap_is_ram(gpa(~0ull), 2));
	CHECK(!memmap_is_ram(gpa(0x100000), ~0ull));
	CHECK(memmap_is_svsm(gpa(SVSM_BASE), 0));
	CHECK(memmap_is_svsm(gpa(SVSM_BASE - 1), 2));
	CHECK(!memmap_is_svsm(gpa(SVSM_BASE - 1), 1));
	CHECK(memmap_is_svsm(gpa(SVSM_BASE + SVSM_SIZE - 1), 1));
	CHECK(!memmap_is_svsm(gpa(SVSM_BASE + SVSM_SIZE), 1));
	CHECK(memmap_is_svsm(gpa(0), ~0ull));
	CHECK(memmap_is_svsm(gpa(~0ull), 2));
	CHECK(!memmap_is_guest(gpa(SVSM_BASE - 8), 16));
	CHECK(memmap_is_guest(gpa(SVSM_BASE - 8), 8));
}

TEST(order_and_neighbours)
{
	const struct memmap_range *r;

	CHECK(SET({0x10000000, 0x1000000, 0}, {0, 0x10000000, 0}, {0x11000000, 0x1000000, 0}));
	CHECK_EQ(memmap_ranges(&r), 1);
	CHECK_EQ(r[0].size, 0x12000000);
}

TEST(svsm_at_the_edge_of_ram)
{
	const struct memmap_range *r;

	CHECK(SET({SVSM_BASE, SVSM_SIZE, 0}));
	CHECK_EQ(memmap_guest_ranges(&r), 0);
	CHECK(SET({SVSM_BASE, SVSM_SIZE + 0x1000, 0}));
	CHECK_EQ(memmap_guest_ranges(&r), 1);
}

TEST(hostile_maps_are_refused)
{
	CHECK(!SET({0, 0, 0}));
	CHECK(!SET({0, 0x20000000, 1}));                                  /* no RAM */
	CHECK(!SET({0, 0x2800000, 0}));                                   /* SVSM only partly RAM */
	CHECK(!SET({0, 0x20000000, 0}, {0x1ffff000, 0x2000, 0}));         /* overlap */
	CHECK(!SET({0, 0x20000000, 0}, {0, 0x20000000, 0}));              /* twice */
	CHECK(!SET({0, 0x20000000, 0}, {0xfffffffffffff000, 0x2000, 0})); /* wraps */
	CHECK(!SET({0, 0xfffffffffffff000, 0}));
	CHECK(!memmap_is_ram(gpa(0), 1)); /* a refused map leaves nothing behind */
}

TEST(too_many_ranges)
{
	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < MEMMAP_MAX_RANGES + 1; i++) {
		table[i].pfn = i * 0x10000;
		table[i].pages = 0x8000;
	}
	CHECK(!memmap_init(table, sizeof(table), NULL, 0, gpa(SVSM_BASE), SVSM_SIZE));
	table[MEMMAP_MAX_RANGES].pages = 0;
	CHECK(memmap_init(table, sizeof(table), NULL, 0, gpa(SVSM_BASE), SVSM_SIZE));
}

/* RAM for whose page states there is no room is left out from the top, whatever its pieces are. */
TEST(ram_beyond_a_limit_is_left_out)
{
	const struct memmap_range *r;

	CHECK(SET({0, 0x40000000, 0}, {0x100000000, 0x40000000, 0}, {0x200000000, 0x1000, 0}));
	CHECK_EQ(memmap_bytes(), 0x80001000);
	CHECK_EQ(memmap_limit(0x80001000), 0);
	CHECK_EQ(memmap_limit(0x60000000), 0x20001000);
	CHECK_EQ(memmap_bytes(), 0x60000000);
	CHECK_EQ(memmap_ranges(&r), 2);
	CHECK(memmap_is_guest(gpa(0x11fffffff), 1));
	CHECK(!memmap_is_ram(gpa(0x120000000), 1));
	CHECK_EQ(memmap_end().v, 0x120000000);
	CHECK_EQ(memmap_guest_ranges(&r), 3);
	/* the SVSM's own stays, and what lies below it */
	CHECK_EQ(memmap_limit(0), 0x60000000 - SVSM_BASE - SVSM_SIZE);
	CHECK_EQ(memmap_end().v, SVSM_BASE + SVSM_SIZE);
	CHECK_EQ(memmap_guest_ranges(&r), 1);
	CHECK(memmap_is_svsm(gpa(SVSM_BASE), SVSM_SIZE));
}

TEST(table_without_an_end)
{
	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
		table[i].pfn = i;
		table[i].pages = 1;
		table[i].type = 1;
	}
	table[0].pages = 0x10000;
	table[0].type = 0;
	CHECK(memmap_init(table, sizeof(table[0]) * 3 + 5, NULL, 0, gpa(SVSM_BASE), SVSM_SIZE));
}

/* A launch may bring memory that the host does not tell of: firmware, and the SVSM itself. */
static bool set_brought(const struct memmap_range *brought, unsigned n)
{
	return memmap_init(table, sizeof(table), brought, n, gpa(SVSM_BASE), SVSM_SIZE);
}

TEST(what_the_launch_brought_is_added)
{
	const struct memmap_range brought[] = {{gpa(SVSM_BASE), SVSM_SIZE},
					       {gpa(0xffc00000), 0x400000},
					       {gpa(SVSM_BASE + SVSM_SIZE + 0x1000), 0x1000}};
	const struct memmap_range *r;

	CHECK(!SET({0, SVSM_BASE, 0}, {0x100000000, 0x40000000, 0}));
	CHECK(set_brought(brought, ARRAY_LEN(brought)));
	CHECK_EQ(memmap_guest_ranges(&r), 3);
	CHECK_EQ(r[0].size, SVSM_BASE);
	CHECK_EQ(r[1].base.v, SVSM_BASE + SVSM_SIZE + 0x1000);
	CHECK_EQ(r[1].size, 0x1000);
	CHECK_EQ(r[2].base.v, 0xffc00000); /* joined with the RAM behind it */
	CHECK_EQ(r[2].size, 0x40400000);
	CHECK(!memmap_is_ram(gpa(SVSM_BASE + SVSM_SIZE), 1));
	CHECK_EQ(memmap_bytes(), SVSM_BASE + SVSM_SIZE + 0x1000 + 0x40400000);
}

TEST(what_the_host_tells_of_too_is_there_once)
{
	const struct memmap_range brought[] = {{gpa(0x1800000), 0x1000000},
					       {gpa(0x4000000), 0x1000}};

	/* Over the end of one range, a hole, and the beginning of the next; and wholly inside. */
	SET({0x3000000, 0x2000000, 0}, {0, SVSM_BASE, 0});
	CHECK(!set_brought(brought, 1)); /* a page of the SVSM's is still missing */
	SET({0x3000000, 0x2000000, 0}, {0, SVSM_BASE, 0}, {0x2800000, 0x800000, 0});
	CHECK(set_brought(brought, 2));
	CHECK_EQ(memmap_bytes(), 0x5000000);
	CHECK_EQ(memmap_end().v, 0x5000000);
}

TEST(what_the_launch_brought_cures_no_bad_map)
{
	const struct memmap_range brought = {gpa(0), 0x10000000}, odd = {gpa(0x10), 0x1000};

	SET({0, 0x3000000, 0}, {0x1000000, 0x1000000, 0});
	CHECK(!set_brought(&brought, 1)); /* overlaps itself */
	SET({0, 0x4000000, 0});
	CHECK(!set_brought(&(struct memmap_range){gpa(0x4000010), 0x1000}, 1));
	CHECK(set_brought(&odd, 1)); /* nothing of it is missing */
}
