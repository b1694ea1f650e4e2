/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The monitor's page pool: runs of pages are zeroed, disjoint, inside the pool, and found again.
 *
 * sources: launch/machine/host/mem/pool.c
 */
#include "tests/native/check.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"

#include <stdlib.h>
#include <string.h>

#define PAGES 64
#define BASE  0x40000000ull /* what the pool takes for its physical address */

static uint8_t ram[PAGES * PAGE_SIZE] ALIGNED(4096);

void *host_ptr(hpa_t pa)
{
	return ram + (pa.v - BASE);
}

hpa_t host_pa(const void *p)
{
	return hpa(BASE + (uint64_t)((const uint8_t *)p - ram));
}

void host_fault(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

static void fresh(void)
{
	memset(ram, 0xa5, sizeof(ram));
	pool_reset();
	pool_add(BASE, sizeof(ram));
}

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n--) {
		if (*p++)
			return false;
	}
	return true;
}

TEST(all_pages_once)
{
	unsigned n = 0;
	uint8_t *p;

	fresh();
	CHECK_EQ(pool_free_pages(), PAGES - 1); /* one holds the bitmap */
	while ((p = host_pages_try(1))) {
		CHECK(is_zero(p, PAGE_SIZE)); /* so it was not handed out before either */
		memset(p, 1, PAGE_SIZE);
		n++;
	}
	CHECK_EQ(n, PAGES - 1);
	CHECK_EQ(pool_free_pages(), 0);
}

TEST(runs_are_contiguous_and_come_back)
{
	uint8_t *a, *b;

	fresh();
	a = host_pages_try(20);
	b = host_pages_try(20);
	CHECK(a && b && (b >= a + 20 * PAGE_SIZE || a >= b + 20 * PAGE_SIZE));
	CHECK(is_zero(a, 20 * PAGE_SIZE));
	CHECK(!host_pages_try(24));
	CHECK(host_pages_try(23));
	CHECK(!host_pages_try(1));
	memset(a, 7, 20 * PAGE_SIZE);
	host_pages_free(a, 20);
	CHECK(!host_pages_try(21));
	CHECK(host_pages_try(20) == a);
	CHECK(is_zero(a, 20 * PAGE_SIZE));
}

TEST(holes_do_not_make_a_run)
{
	void *p[PAGES];
	unsigned n = 0;

	fresh();
	while ((p[n] = host_pages_try(1)))
		n++;
	for (unsigned i = 0; i < n; i += 2)
		host_pages_free(p[i], 1);
	CHECK_EQ(pool_free_pages(), (n + 1) / 2);
	CHECK(!host_pages_try(2));
	host_pages_free(p[11], 1);
	CHECK(host_pages_try(3) == p[10]);
	CHECK(!host_pages_try(0));
}

TEST(the_second_part_is_used_when_the_first_has_no_such_run)
{
	uint8_t *a, *b, *c;

	memset(ram, 0xa5, sizeof(ram));
	pool_reset();
	pool_add(BASE, sizeof(ram) / 4);
	pool_add(BASE + sizeof(ram) / 2, sizeof(ram) / 2);
	CHECK_EQ(pool_free_pages(), PAGES / 4 - 1 + PAGES / 2 - 1);
	a = host_pages_try(PAGES / 4);
	CHECK(a && a >= ram + sizeof(ram) / 2 && is_zero(a, sizeof(ram) / 4));
	b = host_pages_try(1);
	CHECK(b && b < ram + sizeof(ram) / 4);
	CHECK(!host_pages_try(PAGES / 4));
	host_pages_free(b, 1);
	host_pages_free(a, PAGES / 4);
	c = host_pages_try(PAGES / 4);
	CHECK(c == a);
	CHECK_EQ(pool_free_pages(), PAGES / 4 - 1 + PAGES / 4 - 1);
	CHECK_EQ(ram[sizeof(ram) / 4], 0xa5); /* between the parts */
}

TEST(random_use_never_overlaps)
{
	uint8_t *p[16] = {0};
	unsigned size[16] = {0};
	uint32_t seed = 3;

	fresh();
	for (unsigned round = 0; round < 2000; round++) {
		unsigned i = check_random(&seed) % 16;

		if (p[i]) {
			for (unsigned k = 0; k < size[i] * PAGE_SIZE; k += 512)
				CHECK_EQ(p[i][k], i + 1);
			host_pages_free(p[i], size[i]);
			p[i] = NULL;
			continue;
		}
		size[i] = 1 + check_random(&seed) % 8;
		p[i] = host_pages_try(size[i]);
		if (p[i])
			memset(p[i], (int)i + 1, size[i] * PAGE_SIZE);
	}
}
