/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The SVSM's page allocator and small blocks: alignment, merging, exhaustion, random churn.
 *
 * sources: svsm/mm/alloc.c
 */
#include "tests/native/check.h"
#include "base/assert.h"
#include "mm/alloc.h"
#include "log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_PAGES 1500

void panic(const char *fmt, ...)
{
	fprintf(stderr, "panic: %s\n", fmt);
	abort();
}

/* Neither aligned to 2 MiB nor a whole number of largest blocks: the hard case at both ends. */
static void start(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	alloc_init((char *)aligned_alloc(SIZE_2M, 8 * SIZE_2M) + 7 * PAGE_SIZE, ARENA_PAGES);
}

static bool all_zero(const void *p, size_t n)
{
	for (const char *c = p; n--; c++)
		if (*c)
			return false;
	return true;
}

TEST(bookkeeping_is_one_byte_a_page)
{
	start();
	CHECK_EQ(alloc_total_pages(), ARENA_PAGES - 1);
	CHECK_EQ(alloc_free_pages(), alloc_total_pages());
}

TEST(every_order_is_aligned_and_zero)
{
	start();
	for (unsigned o = 0; o <= ALLOC_MAX_ORDER; o++) {
		char *p = alloc_pages(o);

		check_context("order %u", o);
		if (!CHECK(p))
			continue;
		CHECK_EQ((uintptr_t)p & ((PAGE_SIZE << o) - 1), 0);
		CHECK(all_zero(p, PAGE_SIZE << o));
		memset(p, 0xff, PAGE_SIZE << o);
		alloc_pages_free(p, o);
	}
	CHECK(!alloc_pages(ALLOC_MAX_ORDER + 1));
	CHECK_EQ(alloc_free_pages(), alloc_total_pages());
}

TEST(exhaustion_then_everything_back)
{
	void *p[ARENA_PAGES];
	unsigned n = 0;
	void *large;

	start();
	while ((p[n] = alloc_page()))
		n++;
	CHECK_EQ(n, alloc_total_pages());
	CHECK_EQ(alloc_free_pages(), 0);
	CHECK(!alloc_pages(3));
	for (unsigned i = 0; i < n; i += 2) /* in an order that merges late */
		alloc_page_free(p[i]);
	for (unsigned i = 1; i < n; i += 2)
		alloc_page_free(p[i]);
	CHECK_EQ(alloc_free_pages(), alloc_total_pages());
	large = alloc_pages(ALLOC_MAX_ORDER);
	if (CHECK(large))
		alloc_pages_free(large, ALLOC_MAX_ORDER);
}

TEST(small_blocks)
{
	static const size_t size[] = {1, 16, 17, 100, 128, 1000, 2048, 2049, 5000};
	char *p[ARRAY_LEN(size)];

	start();
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(size); i++) {
			p[i] = alloc(size[i]);
			check_context("size %zu, round %u", size[i], round);
			if (!CHECK(p[i]))
				return;
			CHECK_EQ((uintptr_t)p[i] % 16, 0);
			CHECK(all_zero(p[i], size[i]));
			memset(p[i], 0x11 * (int)i + 1, size[i]);
		}
		for (unsigned i = 0; i < ARRAY_LEN(size); i++) {
			CHECK_EQ(p[i][0], (char)(0x11 * (int)i + 1));
			CHECK_EQ(p[i][size[i] - 1], (char)(0x11 * (int)i + 1));
			alloc_free(p[i], size[i]);
		}
	}
	alloc_free(NULL, 16);
}

TEST(random_churn_keeps_blocks_apart)
{
	struct {
		uint64_t *p;
		unsigned order;
	} live[64] = {0};
	size_t before;
	uint32_t seed = 7;

	start();
	before = alloc_free_pages();
	for (unsigned i = 0; i < 20000; i++) {
		unsigned k = check_random(&seed) % ARRAY_LEN(live);

		if (live[k].p) {
			CHECK_EQ(*live[k].p, k);
			CHECK_EQ(live[k].p[(PAGE_SIZE << live[k].order) / 8 - 1], k);
			alloc_pages_free(live[k].p, live[k].order);
			live[k].p = NULL;
			continue;
		}
		live[k].order = check_random(&seed) % 6;
		live[k].p = alloc_pages(live[k].order);
		if (!live[k].p)
			continue;
		*live[k].p = k;
		live[k].p[(PAGE_SIZE << live[k].order) / 8 - 1] = k;
	}
	for (unsigned k = 0; k < ARRAY_LEN(live); k++)
		if (live[k].p)
			alloc_pages_free(live[k].p, live[k].order);
	CHECK_EQ(alloc_free_pages(), before);
}

/* What was in it may have been a secret; the first two words may link free blocks. */
TEST(freed_memory_is_wiped)
{
	static const size_t sizes[] = {16, 24, 500, 2048, 4096, 5000, 8 * PAGE_SIZE};
	const size_t links = 2 * sizeof(void *);

	start();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *p = alloc(sizes[i]);

		memset(p, 0xa5, sizes[i]);
		alloc_free(p, sizes[i]);
		CHECK(all_zero(p + links, sizes[i] - links));
	}
}
