/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The table of all devices has what was opened and nothing else, and the IOMMU forgets what was
 * closed, and nothing else.
 *
 * sources: launch/machine/iommu/dma.c
 */
#include "base/x86.h"
#include "machine/iommu/iommu.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/iommu/dma.h"
#include "tests/native/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- "physical" addresses of tables are offsets into an arena ---- */

static uint8_t arena[64 * PAGE_SIZE] ALIGNED(4096);
static unsigned used, given_back;
static void (*meanwhile)(void); /* what another CPU does while this one makes a table */

void *host_pages_alloc(unsigned count)
{
	void *p = arena + ++used * PAGE_SIZE; /* none at 0 */
	void (*other)(void) = meanwhile;

	if (count != 1 || used >= sizeof(arena) / PAGE_SIZE)
		abort();
	meanwhile = NULL;
	if (other)
		other();
	return memset(p, 0, PAGE_SIZE);
}

void host_pages_free(void *p, unsigned count)
{
	CHECK(p && count == 1);
	given_back++;
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

static char logged[512];

void host_log(const char *fmt, ...)
{
	size_t n = strlen(logged);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(logged + n, sizeof(logged) - n, fmt, ap);
	va_end(ap);
	strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

/* Guest memory lies elsewhere in the host's. */
#define HOST_AT(g) ((g) + 0x123000)

hpa_t gpa_map_host(gpa_t g)
{
	return hpa(HOST_AT(g.v));
}

/* ---- the IOMMU ---- */

static bool there;
static uint64_t *root;

static struct {
	uint64_t at;
	unsigned n;
	uint64_t entry; /* what the table gives for the first page at that moment */
} forgotten;
static unsigned forgets;

bool iommu_init(hpa_t table)
{
	root = host_ptr(table);
	return there;
}

/* The walk of Second-Stage Translation: what a device's access to g meets; 0: refused. */
static uint64_t walk(uint64_t g)
{
	uint64_t e = g >> 39 ? 0 : root[g >> 30];

	for (unsigned shift = 21; e && shift >= 12; shift -= 9) {
		uint64_t *t = host_ptr(hpa(e & PTE_ADDR));

		if ((e & 3) != (IOMMU_READ | IOMMU_WRITE))
			return 0;
		e = t[g >> shift & 511];
	}
	return e;
}

void iommu_forget(gpa_t g, unsigned n)
{
	forgets++;
	forgotten.at = g.v;
	forgotten.n = n;
	forgotten.entry = walk(g.v);
}

/* ---- the tests ---- */

#define HIGH 0x3fffe00000ull /* the last 2 MiB of 256 GiB */

static void setup(bool iommu)
{
	memset(arena, 0, sizeof(arena));
	used = given_back = forgets = 0;
	logged[0] = 0;
	there = iommu;
	dma_init();
}

/* Pages of the 2 MiB at base that a device reaches, each at its own host page. */
static unsigned open_pages(uint64_t base)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PFNS_2M; i++) {
		uint64_t e = walk(base + i * PAGE_SIZE);

		n += e != 0;
		CHECK(!e || e == (HOST_AT(base + i * PAGE_SIZE) | IOMMU_READ | IOMMU_WRITE));
	}
	return n;
}

TEST(nothing_is_open_at_first)
{
	setup(true);
	CHECK_EQ(open_pages(0), 0);
	CHECK_EQ(open_pages(HIGH), 0);
	CHECK_EQ(used, 1);
}

TEST(a_page_is_opened_alone_and_closed_again)
{
	static const uint64_t at[] = {0, 0x40201000, 0xffffffff000, HIGH + 511 * PAGE_SIZE};

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		bool reach = !(at[i] >> IOMMU_BITS);

		check_context("0x%llx", (unsigned long long)at[i]);
		setup(true);
		dma_sync(gpa(at[i]), 1, true);
		CHECK_EQ(open_pages(ALIGN_DOWN(at[i], SIZE_2M)), reach);
		CHECK_EQ(walk(at[i]) != 0, reach);
		CHECK_EQ(forgets, 0);
		dma_sync(gpa(at[i]), 1, false);
		CHECK_EQ(walk(at[i]), 0);
		CHECK_EQ(forgets, reach);
	}
}

/* The entry is gone when the IOMMU forgets it, or it would keep it again. */
TEST(what_is_closed_is_forgotten_once_and_after_the_table)
{
	setup(true);
	dma_sync(gpa(0x40201000), 1, true);
	dma_sync(gpa(0x40201000), 1, false);
	CHECK_EQ(forgets, 1);
	CHECK_EQ(forgotten.at, 0x40201000);
	CHECK_EQ(forgotten.n, 1);
	CHECK_EQ(forgotten.entry, 0);
}

TEST(two_mib_cost_one_invalidation)
{
	setup(true);
	dma_sync(gpa(HIGH), PFNS_2M, true);
	CHECK_EQ(open_pages(HIGH), PFNS_2M);
	CHECK_EQ(forgets, 0);
	dma_sync(gpa(HIGH), PFNS_2M, false);
	CHECK_EQ(open_pages(HIGH), 0);
	CHECK_EQ(forgets, 1);
	CHECK_EQ(forgotten.at, HIGH);
	CHECK_EQ(forgotten.n, PFNS_2M);
}

TEST(what_was_never_open_costs_nothing)
{
	setup(true);
	dma_sync(gpa(0x40200000), PFNS_2M, false);
	CHECK_EQ(used, 1);
	dma_sync(gpa(0x40200000), 1, true);
	dma_sync(gpa(0x40201000), 1, false);
	CHECK_EQ(forgets, 0);
	CHECK_EQ(open_pages(0x40200000), 1);
}

/* Another CPU, in the next 2 MiB, needs the same upper table at the same time. */
static void neighbour(void)
{
	dma_sync(gpa(0x40400000), 1, true);
}

TEST(two_cpus_make_one_upper_table)
{
	setup(true);
	meanwhile = neighbour;
	dma_sync(gpa(0x40200000), 1, true);
	CHECK_EQ(given_back, 1);
	CHECK_EQ(open_pages(0x40200000), 1);
	CHECK_EQ(open_pages(0x40400000), 1);
}

TEST(without_an_iommu_nothing_is_kept)
{
	setup(false);
	CHECK(strstr(logged, "IOMMU: none"));
	CHECK_EQ(given_back, 1);
	dma_sync(gpa(0), PFNS_2M, true);
	dma_sync(gpa(0), PFNS_2M, false);
	dma_print();
	CHECK_EQ(used, 1);
	CHECK_EQ(forgets, 0);
	CHECK(!strstr(logged, "stats"));
}

/* Since the machine began, so differences. */
static unsigned long counted(const char *key)
{
	const char *at;

	logged[0] = 0;
	dma_print();
	at = strstr(logged, key);
	return at ? strtoul(at + strlen(key), NULL, 10) : ~0ul;
}

TEST(changes_are_counted_by_page)
{
	unsigned long opened, closed;

	setup(true);
	opened = counted("stats: dma.opened ");
	closed = counted("stats: dma.closed ");
	dma_sync(gpa(0x40200000), PFNS_2M, true);
	dma_sync(gpa(0x40200000), 1, true);
	dma_sync(gpa(0x40203000), 1, false);
	CHECK_EQ(counted("stats: dma.opened ") - opened, PFNS_2M);
	CHECK_EQ(counted("stats: dma.closed ") - closed, 1);
}
