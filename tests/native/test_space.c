/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * A process's page tables: what may be mapped where with which rights, that every page comes back,
 * and random operations against a model.
 *
 * sources: svsm/user/space.c tests/native/fake_user.c
 */
#include <string.h>
#include "base/x86.h"
#include "tests/native/check.h"
#include "tests/native/fake_user.h"

#define RW    (SPACE_R | SPACE_W)
#define RX    (SPACE_R | SPACE_X)
#define AT    0x7000ull * PAGE_SIZE
#define LIMIT 64

static uint8_t image[4 * PAGE_SIZE] ALIGNED(4096);

static struct space make(size_t limit)
{
	struct space s;

	CHECK(space_create(&s, limit));
	return s;
}

static void finish(struct space *s)
{
	fake_check_space(s);
	space_destroy(s);
	CHECK_EQ(fake_pages, 0);
	CHECK_EQ(s->pages, 0);
}

TEST(the_kernel_is_shared_and_nothing_else_is_there)
{
	struct space s = make(LIMIT);

	CHECK_EQ(fake_check_space(&s), 0);
	CHECK_EQ(s.pages, 1);
	finish(&s);
}

TEST(no_page_for_the_root)
{
	struct space s;

	CHECK(!space_create(&s, 0));
	space_destroy(&s);
	fake_fail_at = 1;
	CHECK(!space_create(&s, 10));
	space_destroy(&s);
	CHECK_EQ(fake_pages, 0);
}

TEST(rights)
{
	static const struct {
		unsigned prot;
		bool ok;
		uint64_t flags; /* of P, W, NX */
	} cases[] = {
		{SPACE_R, true, PTE_P | PTE_NX},
		{RW, true, PTE_P | PTE_W | PTE_NX},
		{RX, true, PTE_P},
		{SPACE_W, true, PTE_P | PTE_W | PTE_NX},
		{0, true, PTE_NX},
		{SPACE_W | SPACE_X, false, 0},
		{RW | SPACE_X, false, 0},
		{8, false, 0},
		{~0u, false, 0},
	};
	struct space s = make(LIMIT);

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		check_context("prot %x", cases[i].prot);
		CHECK_EQ(space_map(&s, AT, PAGE_SIZE, cases[i].prot), cases[i].ok);
		CHECK_EQ(fake_leaf(&s, AT) & (PTE_P | PTE_W | PTE_NX), cases[i].flags);
		CHECK_EQ(space_free(&s, AT, PAGE_SIZE), !cases[i].ok);
		space_unmap(&s, AT, PAGE_SIZE);
		CHECK(space_map(&s, AT, PAGE_SIZE, SPACE_R));
		CHECK_EQ(space_protect(&s, AT, PAGE_SIZE, cases[i].prot), cases[i].ok);
		if (cases[i].ok)
			CHECK_EQ(fake_leaf(&s, AT) & (PTE_P | PTE_W | PTE_NX), cases[i].flags);
		else
			CHECK_EQ(fake_leaf(&s, AT) & (PTE_P | PTE_W | PTE_NX), PTE_P | PTE_NX);
		space_unmap(&s, AT, PAGE_SIZE);
	}
	finish(&s);
}

TEST(ranges_that_are_none_of_a_process)
{
	static const struct {
		uint64_t va, len;
	} bad[] = {
		{AT, 0},
		{AT + 1, PAGE_SIZE},
		{AT, PAGE_SIZE + 1},
		{0, PAGE_SIZE},
		{USER_BASE - PAGE_SIZE, 2 * PAGE_SIZE},
		{USER_END, PAGE_SIZE},
		{USER_END - PAGE_SIZE, 2 * PAGE_SIZE},
		{0x800000000000, PAGE_SIZE},
		{0xffff800000000000, PAGE_SIZE},
		{0xffffffff80000000, PAGE_SIZE},
		{~PAGE_MASK, PAGE_SIZE},
		{AT, ~PAGE_MASK},
		{AT, -AT},
		{USER_BASE, USER_END},
	};
	struct space s = make(LIMIT);

	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		check_context("%lx, %lx", bad[i].va, bad[i].len);
		CHECK(!space_map(&s, bad[i].va, bad[i].len, RW));
		CHECK(!space_map_image(&s, bad[i].va, image, bad[i].len, RX));
		CHECK(!space_protect(&s, bad[i].va, bad[i].len, SPACE_R));
		CHECK(!space_free(&s, bad[i].va, bad[i].len));
		space_unmap(&s, bad[i].va, bad[i].len);
		CHECK_EQ(s.pages, 1);
	}
	CHECK(space_map(&s, USER_BASE, PAGE_SIZE, RW));
	CHECK(space_map(&s, USER_END - PAGE_SIZE, PAGE_SIZE, RW));
	CHECK_EQ(fake_check_space(&s), 2);
	finish(&s);
}

TEST(overlap_is_refused_and_changes_nothing)
{
	struct space s = make(LIMIT);

	CHECK(space_map(&s, AT, 2 * PAGE_SIZE, RW));
	*fake_byte(&s, AT + 5, SPACE_W) = 7;
	for (int64_t d = -2; d <= 1; d++)
		CHECK_EQ(space_map(&s, AT + d * (int64_t)PAGE_SIZE, 3 * PAGE_SIZE, SPACE_R), false);
	CHECK(!space_map_image(&s, AT + PAGE_SIZE, image, PAGE_SIZE, RX));
	CHECK_EQ(fake_check_space(&s), 2);
	CHECK_EQ(*fake_byte(&s, AT + 5, SPACE_W), 7);
	finish(&s);
}

/* Whichever allocation fails, either all pages are mapped or none. */
TEST(no_memory_half_way)
{
	for (unsigned n = 1; n <= 14; n++) {
		struct space s = make(LIMIT);

		fake_fail_at = n;
		/* across a 2 MiB boundary: six tables and eight pages */
		CHECK_EQ(space_map(&s, 0x40000000 - 4 * PAGE_SIZE, 8 * PAGE_SIZE, RW), n > 13);
		fake_fail_at = 0;
		CHECK_EQ(fake_check_space(&s), n > 13 ? 8 : 0);
		finish(&s);
	}
	for (size_t limit = 1; limit < 16; limit++) {
		struct space s = make(limit);

		CHECK_EQ(space_map(&s, 0x40000000 - 4 * PAGE_SIZE, 8 * PAGE_SIZE, RW), limit >= 14);
		finish(&s);
	}
}

TEST(a_huge_length_fails_at_once)
{
	struct space s = make(LIMIT);

	CHECK(!space_map(&s, USER_BASE, USER_END - USER_BASE, RW));
	CHECK_EQ(s.pages, 1);
	finish(&s);
}

TEST(pages_of_the_image_are_never_writable_and_never_freed)
{
	struct space s = make(LIMIT);

	CHECK(!space_map_image(&s, AT, image, PAGE_SIZE, RW));
	CHECK(!space_map_image(&s, AT, image + 8, PAGE_SIZE, SPACE_R));
	CHECK(space_map_image(&s, AT, image, sizeof(image), RX));
	CHECK(fake_byte(&s, AT + PAGE_SIZE, SPACE_X) == image + PAGE_SIZE);
	CHECK(!space_protect(&s, AT, PAGE_SIZE, RW));
	CHECK(!space_protect(&s, AT, PAGE_SIZE, SPACE_W));
	CHECK(space_protect(&s, AT, PAGE_SIZE, SPACE_R));
	CHECK(!space_write(&s, AT, "x", 1));
	CHECK(space_map(&s, AT + sizeof(image), PAGE_SIZE, RW));
	CHECK(!space_protect(&s, AT, sizeof(image) + PAGE_SIZE,
			     RW)); /* one of them is not its own */
	CHECK(!(fake_leaf(&s, AT) & PTE_W));
	finish(&s);
}

TEST(holes)
{
	struct space s = make(LIMIT);

	CHECK(space_map(&s, AT, PAGE_SIZE, RW));
	CHECK(space_map(&s, AT + 2 * PAGE_SIZE, PAGE_SIZE, RW));
	CHECK(!space_protect(&s, AT, 3 * PAGE_SIZE, SPACE_R));
	CHECK(fake_leaf(&s, AT) & PTE_W);
	CHECK(!space_write(&s, AT + PAGE_SIZE - 1, "xy", 2));
	space_unmap(&s, USER_BASE, 0x10000 * PAGE_SIZE);
	CHECK_EQ(fake_check_space(&s), 0);
	finish(&s);
}

/* A page that is given away is flushed from every TLB first. */
TEST(what_loses_rights_is_flushed)
{
	struct space s = make(LIMIT);

	CHECK(space_map(&s, AT, 3 * PAGE_SIZE, RW));
	fake_flushed = 0;
	CHECK(space_protect(&s, AT, 2 * PAGE_SIZE, SPACE_R));
	CHECK_EQ(fake_flushed, 2 * PAGE_SIZE);
	fake_flushed = 0;
	space_unmap(&s, AT - PAGE_SIZE, 5 * PAGE_SIZE);
	CHECK_EQ(fake_flushed, 3 * PAGE_SIZE);
	finish(&s);
}

TEST(write_crosses_pages_whatever_their_rights)
{
	uint8_t data[3 * PAGE_SIZE];
	struct space s = make(LIMIT);

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	CHECK(space_map(&s, AT, 4 * PAGE_SIZE, SPACE_R));
	CHECK(space_write(&s, AT + 100, data, sizeof(data)));
	for (unsigned i = 0; i < sizeof(data); i++)
		if (!CHECK_EQ(*fake_byte(&s, AT + 100 + i, SPACE_R), data[i]))
			break;
	CHECK(!space_write(&s, AT + 2 * PAGE_SIZE, data, sizeof(data)));
	CHECK(!space_write(&s, ~0ull, data, 2));
	CHECK(!space_write(&s, 0, data, 1));
	CHECK(!space_write(&s, 0xffffffff80000000, data, 1));
	finish(&s);
}

TEST(find_takes_the_highest_that_fits)
{
	const uint64_t low = 0x100000000, high = 0x140000000;
	struct space s = make(4 * LIMIT);

	CHECK_EQ(space_find(&s, low, high, PAGE_SIZE), high - PAGE_SIZE);
	CHECK_EQ(space_find(&s, low, high, high - low), low);
	CHECK_EQ(space_find(&s, low, high, high - low + PAGE_SIZE), 0);
	CHECK(space_map(&s, high - 2 * PAGE_SIZE, PAGE_SIZE, RW));
	CHECK_EQ(space_find(&s, low, high, PAGE_SIZE), high - PAGE_SIZE);
	CHECK_EQ(space_find(&s, low, high, 2 * PAGE_SIZE), high - 4 * PAGE_SIZE);
	CHECK(space_map(&s, high - SIZE_2M - PAGE_SIZE, 2 * PAGE_SIZE, RW));
	CHECK_EQ(space_find(&s, low, high, SIZE_2M - 3 * PAGE_SIZE),
		 high - 2 * PAGE_SIZE - (SIZE_2M - 3 * PAGE_SIZE));
	CHECK_EQ(space_find(&s, low, high, SIZE_2M), high - 2 * SIZE_2M - PAGE_SIZE);
	CHECK(space_map(&s, low, PAGE_SIZE, RW));
	CHECK_EQ(space_find(&s, low, high, high - low - SIZE_2M - 2 * PAGE_SIZE), low + PAGE_SIZE);
	CHECK_EQ(space_find(&s, low, high, high - low - SIZE_2M - PAGE_SIZE), 0);
	finish(&s);
}

/* ---- random operations against one byte a page: 0 a hole, 1 + rights ---- */

#define MODEL 1024
#define BASE  (0x40000000 - MODEL / 2 * PAGE_SIZE)

static bool model_all(const uint8_t *m, unsigned at, unsigned n, bool held)
{
	for (unsigned i = at; i < at + n; i++)
		if (!m[i] == held)
			return false;
	return true;
}

static void check_model(const struct space *s, const uint8_t *m)
{
	for (unsigned i = 0; i < MODEL; i++) {
		uint64_t e = fake_leaf(s, BASE + i * PAGE_SIZE);

		check_context("page %u", i);
		CHECK_EQ(!!e, !!m[i]);
		CHECK_EQ(!!(e & PTE_P), m[i] > 1);
		CHECK_EQ(!!(e & PTE_W), m[i] && (m[i] - 1) & SPACE_W);
		CHECK_EQ(m[i] && !(e & PTE_NX), m[i] && (m[i] - 1) & SPACE_X);
	}
}

TEST(random_operations)
{
	static const unsigned prots[] = {0, SPACE_R, RW, RX, RW | SPACE_X};
	static uint8_t m[MODEL];
	uint32_t seed = 12345;
	struct space s = make(2000);

	for (unsigned round = 0; round < 4000; round++) {
		unsigned n = 1 + check_random(&seed) % 24, at = check_random(&seed) % (MODEL - n);
		unsigned prot = prots[check_random(&seed) % 5];
		bool wx = prot == (RW | SPACE_X), ok;
		uint64_t va = BASE + at * PAGE_SIZE, len = n * PAGE_SIZE;

		switch (check_random(&seed) % 4) {
		case 0:
		case 1:
			ok = !wx && model_all(m, at, n, false);
			CHECK_EQ(space_map(&s, va, len, prot), ok);
			break;
		case 2:
			ok = !wx && model_all(m, at, n, true);
			CHECK_EQ(space_protect(&s, va, len, prot), ok);
			break;
		default:
			space_unmap(&s, va, len);
			memset(m + at, 0, n);
			ok = false;
		}
		if (ok)
			memset(m + at, (int)prot + 1, n);
		if (round % 100 == 0)
			check_model(&s, m);
	}
	check_model(&s, m);
	finish(&s);
}
