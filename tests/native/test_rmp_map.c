/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The map of page states at the end of a run: each page of the guest's is told once, and what is
 * alike and side by side in one line.
 *
 * sources: launch/machine/snp/rmp/rmp_map.c svsm/lib/fmt.c
 */
#include "machine/snp/rmp/rmp_map.h"
#include "machine/host/log.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/options.h"
#include "machine/snp/rmp/rmp.h"
#include "lib/fmt.h"
#include "tests/native/check.h"

#include <stdarg.h>
#include <string.h>

#define PAGES 10000

struct host_options host_options;
static struct rmp_entry entries[PAGES];
static struct gpa_extent extents[3];
static unsigned extent_count;
static char lines[RMP_MAP_LINES + 2][120];
static unsigned line_count;

const struct rmp_entry *rmp_entry(gpa_t g)
{
	return &entries[g.v / PAGE_SIZE];
}

unsigned gpa_map_extents(const struct gpa_extent **e)
{
	*e = extents;
	return extent_count;
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(lines[line_count++], sizeof(lines[0]), fmt, ap);
	va_end(ap);
}

static void memory(uint64_t first, uint64_t pages)
{
	extents[extent_count++] =
		(struct gpa_extent){.base = first * PAGE_SIZE, .size = pages * PAGE_SIZE};
}

static void fill(unsigned first, unsigned pages, struct rmp_entry e)
{
	for (unsigned i = 0; i < pages; i++)
		entries[first + i] = e;
}

static void print(bool asked)
{
	host_options.rmp_map = asked;
	line_count = 0;
	rmp_map_print();
}

static void reset(void)
{
	extent_count = 0;
	fill(0, PAGES, (struct rmp_entry){.state = RMP_GUEST});
}

#define PRIVATE   (RMP_GUEST | RMP_ASSIGNED)
#define VALIDATED (PRIVATE | RMP_VALIDATED)

TEST(nothing_without_the_option)
{
	reset();
	memory(0, 10);
	print(false);
	CHECK_EQ(line_count, 0);
}

TEST(stretches)
{
	reset();
	memory(0, 100);
	fill(0, 8, (struct rmp_entry){.state = VALIDATED, .perms = {RMP_RWX, 0, RMP_R | RMP_W}});
	fill(8, 1, (struct rmp_entry){.state = VALIDATED | RMP_VMSA, .perms = {RMP_RWX}});
	fill(9, 1, (struct rmp_entry){.state = PRIVATE, .perms = {RMP_RWX}});
	print(true);
	CHECK_EQ(line_count, 5);
	CHECK_STR(lines[0], "rmp: 0x0 8 validated rwus ---- rw-- ----");
	CHECK_STR(lines[1], "rmp: 0x8000 1 vmsa rwus ---- ---- ----");
	CHECK_STR(lines[2], "rmp: 0x9000 1 private rwus ---- ---- ----");
	CHECK_STR(lines[3], "rmp: 0xa000 90 shared");
	CHECK_STR(lines[4], "rmp: 4 stretches");
}

/* In use, of a large entry, kept since the launch: that is not told. Rights of a shared page are
 * none. */
TEST(what_does_not_count)
{
	reset();
	memory(0, 20);
	fill(0, 5, (struct rmp_entry){.state = PRIVATE | RMP_HUGE, .holder = 3});
	fill(5, 5, (struct rmp_entry){.state = PRIVATE | RMP_KEPT});
	fill(10, 5, (struct rmp_entry){.state = RMP_GUEST, .perms = {RMP_RWX}});
	print(true);
	CHECK_EQ(line_count, 3);
	CHECK_STR(lines[0], "rmp: 0x0 10 private ---- ---- ---- ----");
	CHECK_STR(lines[1], "rmp: 0xa000 10 shared");
}

/* Neither the machine's own pages, nor addresses without memory. */
TEST(holes)
{
	reset();
	memory(0, 10);
	memory(10, 5);
	memory(100, 10);
	fill(102, 2, (struct rmp_entry){0});
	print(true);
	CHECK_EQ(line_count, 4);
	CHECK_STR(lines[0], "rmp: 0x0 15 shared");
	CHECK_STR(lines[1], "rmp: 0x64000 2 shared");
	CHECK_STR(lines[2], "rmp: 0x68000 6 shared");
	CHECK_STR(lines[3], "rmp: 3 stretches");
}

TEST(too_many)
{
	reset();
	memory(0, PAGES);
	for (unsigned i = 0; i < PAGES; i += 2)
		entries[i].state = PRIVATE;
	print(true);
	CHECK_EQ(line_count, RMP_MAP_LINES + 1);
	CHECK_STR(lines[RMP_MAP_LINES], "rmp: 10000 stretches");
}
