/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The page-state map: ranges, lookups, 2 MiB views, locks; and the e820 map's carving.
 *
 * sources: svsm/mm/pagestate.c svsm/boot/linux/e820.c
 * libs: -lpthread
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "boot/linux/e820.h"
#include "tests/native/check.h"
#include "base/assert.h"
#include "mm/pagestate.h"

static jmp_buf panicked;
static uint8_t low[2048], high[1024];

#define LOW  gpa(0x10000000)
#define HIGH gpa(0x100000000ull)

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(panicked, 1);
}

static void setup(void)
{
	pagestate_reset();
	memset(low, 0xff, sizeof(low));
	CHECK(pagestate_add(LOW, sizeof(low) * PAGE_SIZE, low));
	CHECK(pagestate_add(HIGH, sizeof(high) * PAGE_SIZE, high));
}

TEST(new_ram_is_invalid_and_the_rest_is_not_ram)
{
	struct pages_locked held;

	setup();
	CHECK_EQ(pagestate_get(LOW), PAGE_INVALID);
	CHECK_EQ(pagestate_get(gpa(LOW.v - 1)), PAGE_NOT_RAM);
	CHECK_EQ(pagestate_get(gpa(LOW.v + sizeof(low) * PAGE_SIZE - 1)), PAGE_INVALID);
	CHECK_EQ(pagestate_get(gpa(LOW.v + sizeof(low) * PAGE_SIZE)), PAGE_NOT_RAM);
	CHECK_EQ(pagestate_get(GPA_NONE), PAGE_NOT_RAM);
	held = pagestate_lock(gpa(0));
	pagestate_set(held, gpa(0), PAGE_VALID);
	pagestate_unlock(held);
	CHECK_EQ(pagestate_get(gpa(0)), PAGE_NOT_RAM);
}

TEST(a_state_is_written_under_the_lock_of_its_region_only)
{
	struct pages_locked held;

	setup();
	held = pagestate_lock(LOW);
	if (!setjmp(panicked)) {
		pagestate_set(held, gpa(LOW.v + SIZE_2M), PAGE_VALID);
		CHECK(!"the other region's page could be written");
	}
	CHECK_EQ(pagestate_get(gpa(LOW.v + SIZE_2M)), PAGE_INVALID);
	if (!setjmp(panicked)) {
		pagestate_set_2m(held, gpa(LOW.v + SIZE_2M), PAGE_VALID);
		CHECK(!"all of the other region could be written");
	}
	CHECK_EQ(pagestate_get(gpa(LOW.v + SIZE_2M)), PAGE_INVALID);
	pagestate_set(held, gpa(LOW.v + SIZE_2M - PAGE_SIZE), PAGE_VALID);
	pagestate_unlock(held);
	held = pagestate_lock2(HIGH, LOW);
	pagestate_set(held, LOW, PAGE_VALID);
	pagestate_set(held, HIGH, PAGE_VALID);
	pagestate_unlock(held);
	CHECK_EQ(low[511], PAGE_VALID);
	CHECK_EQ(low[0], PAGE_VALID);
	CHECK_EQ(high[0], PAGE_VALID);
}

TEST(ranges_ascend_and_do_not_overlap)
{
	uint8_t one[1];

	setup();
	CHECK(!pagestate_add(LOW, PAGE_SIZE, one));
	CHECK(!pagestate_add(gpa(LOW.v + (sizeof(low) - 1) * PAGE_SIZE), PAGE_SIZE, one));
	CHECK(!pagestate_add(gpa(0), 0, one));
	CHECK(!pagestate_add(gpa(LOW.v + sizeof(low) * PAGE_SIZE), PAGE_SIZE, one));
	CHECK(!pagestate_add(gpa(HIGH.v + (sizeof(high) - 1) * PAGE_SIZE), PAGE_SIZE, one));
	CHECK(pagestate_add(gpa(HIGH.v + sizeof(high) * PAGE_SIZE), PAGE_SIZE, one));
}

TEST(too_many_ranges_are_refused)
{
	static uint8_t one[PAGESTATE_MAX_RANGES + 1];

	pagestate_reset();
	for (unsigned i = 0; i < PAGESTATE_MAX_RANGES; i++)
		CHECK(pagestate_add(gpa(i * 2 * PAGE_SIZE), PAGE_SIZE, &one[i]));
	CHECK(!pagestate_add(gpa(1ull << 40), PAGE_SIZE, one));
	for (unsigned i = 0; i < PAGESTATE_MAX_RANGES; i++) {
		CHECK_EQ(pagestate_get(gpa((i * 2 + 1) * PAGE_SIZE)), PAGE_NOT_RAM);
		pagestate_mark(gpa(i * 2 * PAGE_SIZE), PAGE_SIZE, PAGE_VALID);
		CHECK_EQ(one[i], PAGE_VALID);
	}
}

/* 256 GiB, with a hole as a q35 has it: one range on each side. */
TEST(a_large_machine)
{
	const uint64_t below = 2ull << 30, above = 254ull << 30;
	uint8_t *states = malloc((below + above) / PAGE_SIZE);

	pagestate_reset();
	CHECK(states && pagestate_add(gpa(0), below, states));
	CHECK(pagestate_add(gpa(4ull << 30), above, states + below / PAGE_SIZE));
	pagestate_mark(gpa(0), 512ull << 30, PAGE_VALID);
	pagestate_mark(gpa((257ull << 30) + 0x5000), PAGE_SIZE, PAGE_DEPOSITED);
	CHECK_EQ(pagestate_get(gpa(below - 1)), PAGE_VALID);
	CHECK_EQ(pagestate_get(gpa(below)), PAGE_NOT_RAM);
	CHECK_EQ(pagestate_get(gpa((258ull << 30) - 1)), PAGE_VALID);
	CHECK_EQ(pagestate_get(gpa(258ull << 30)), PAGE_NOT_RAM);
	CHECK_EQ(pagestate_find(gpa(0), PAGE_DEPOSITED).v, (257ull << 30) + 0x5000);
	pagestate_reset();
	free(states);
}

TEST(mark_takes_every_page_it_touches)
{
	setup();
	pagestate_mark(gpa(LOW.v + 0x1000), 0x1001, PAGE_SVSM);
	CHECK_EQ(low[0], PAGE_INVALID);
	CHECK_EQ(low[1], PAGE_SVSM);
	CHECK_EQ(low[2], PAGE_SVSM);
	CHECK_EQ(low[3], PAGE_INVALID);
}

TEST(a_2m_view_needs_all_512_pages)
{
	struct pages_locked held;

	setup();
	CHECK(pagestate_all_2m(LOW, PAGE_INVALID));
	held = pagestate_lock(LOW);
	pagestate_set_2m(held, LOW, PAGE_VALID);
	pagestate_unlock(held);
	CHECK(pagestate_all_2m(LOW, PAGE_VALID));
	CHECK_EQ(low[512], PAGE_INVALID);
	low[511] = PAGE_CAA;
	CHECK(!pagestate_all_2m(LOW, PAGE_VALID));
	/* half outside the RAM */
	CHECK(!pagestate_all_2m(gpa(LOW.v + (sizeof(low) - 256) * PAGE_SIZE), PAGE_INVALID));
}

TEST(find_goes_up_through_all_ranges)
{
	setup();
	high[7] = low[9] = PAGE_DEPOSITED;
	CHECK_EQ(pagestate_find(gpa(0), PAGE_DEPOSITED).v, LOW.v + 9 * PAGE_SIZE);
	CHECK_EQ(pagestate_find(gpa(LOW.v + 10 * PAGE_SIZE), PAGE_DEPOSITED).v,
		 HIGH.v + 7 * PAGE_SIZE);
	CHECK(gpa_eq(pagestate_find(gpa(HIGH.v + 8 * PAGE_SIZE), PAGE_DEPOSITED), GPA_NONE));
}

static void *cross(void *arg)
{
	bool up = arg != NULL;

	for (unsigned i = 0; i < 20000; i++) {
		gpa_t a = gpa(LOW.v + (i % 4) * SIZE_2M), b = gpa(LOW.v + (i * 7 % 4) * SIZE_2M);
		struct pages_locked held = up ? pagestate_lock2(a, b) : pagestate_lock2(b, a);

		low[0]++; /* racy unless some lock is common: only the absence of a deadlock counts
			   */
		pagestate_unlock(held);
	}
	return NULL;
}

TEST(two_locks_in_any_order_do_not_deadlock)
{
	pthread_t t[2];

	setup();
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, cross, i ? &t : NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK(!pagestate_lock2(LOW, gpa(LOW.v + PAGE_SIZE)).second);
}

TEST(e820_carve_splits_and_keeps_order)
{
	struct e820 e = {0};

	CHECK(e820_add(&e, 0, 0xa0000, E820_RAM));
	CHECK(e820_add(&e, 0x100000, 0x900000, E820_RAM));
	CHECK(e820_carve(&e, 0x200000, 0x200000, E820_RESERVED));
	CHECK_EQ(e.count, 4);
	CHECK_EQ(e.entry[1].size, 0x100000);
	CHECK_EQ(e.entry[2].type, E820_RESERVED);
	CHECK_EQ(e.entry[3].base, 0x400000);
	CHECK_EQ(e.entry[3].size, 0x600000);
	CHECK(e820_carve(&e, 0x400000, 0x600000, E820_ACPI));
	CHECK_EQ(e.count, 4);
	CHECK(!e820_carve(&e, 0x9f000, 0x2000, E820_ACPI));
	CHECK(!e820_carve(&e, 0x1ff000, 0x2000, E820_ACPI));
}
