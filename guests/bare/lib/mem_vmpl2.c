/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Finds RAM for the tests on whatever machine this is. It only computes, from what the loader told
 * (struct bare_info); nothing is validated here.
 */
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/ghcb.h"

#define FIRST   0x08000000ull /* the first place that is tried: above what loaders use most */
#define LOWEST  0x01000000ull
#define HIGHEST 0xc0000000ull /* lib/paging.c maps no more of RAM as private */

extern uint8_t image_start[], image_end[];

struct mem_place mem_place;

static bool overlaps(struct bare_range r, uint64_t base, uint64_t size)
{
	return r.size && base < r.base + r.size && r.base < base + size;
}

static bool is_ram(const struct bare_info *info, uint64_t base, uint64_t size)
{
	for (uint32_t i = 0; i < info->ram_count; i++) {
		struct bare_range r = info->ram[i];

		if (base >= r.base && base + size <= r.base + r.size)
			return true;
	}
	return false;
}

static bool is_free(const struct bare_info *info, uint64_t base, uint64_t size, uint64_t avoid)
{
	const struct bare_range own = {(uint64_t)image_start, (uint64_t)(image_end - image_start)};
	const struct bare_range tests = {avoid, avoid ? MEM_REGIONS * SIZE_2M : 0};
	const struct bare_range taken[] = {
		own, tests, info->unvalidated, info->reserved, info->loader, info->svsm};

	for (unsigned i = 0; i < ARRAY_LEN(taken); i++) {
		if (overlaps(taken[i], base, size))
			return false;
	}
	return is_ram(info, base, size);
}

static uint64_t find_between(const struct bare_info *info, uint64_t size, uint64_t avoid,
			     uint64_t from, uint64_t to)
{
	for (uint64_t base = from; base + size <= to; base += SIZE_2M) {
		if (is_free(info, base, size, avoid))
			return base;
	}
	return 0;
}

uint64_t mem_find(const struct bare_info *info, uint64_t size, uint64_t avoid)
{
	uint64_t base = find_between(info, size, avoid, FIRST, HIGHEST);

	return base ? base : find_between(info, size, avoid, LOWEST, FIRST);
}

/* Holes of a q35, and of an i440fx: where the one has RAM the other has none. */
static uint64_t find_hole(const struct bare_info *info)
{
	static const uint64_t holes[] = {0xb0000000, 0xc0000000, 0xe0000000};

	for (unsigned i = 0; i < ARRAY_LEN(holes); i++) {
		bool ram = overlaps(info->svsm, holes[i], PAGE_SIZE);

		for (uint32_t k = 0; k < info->ram_count; k++)
			ram |= overlaps(info->ram[k], holes[i], PAGE_SIZE);
		if (!ram)
			return holes[i];
	}
	return 0;
}

void mem_choose(const struct bare_info *info)
{
	mem_place.svsm = info->svsm.base;
	mem_place.base = mem_find(info, MEM_REGIONS * SIZE_2M, 0);
	mem_place.not_ram = find_hole(info);
	if (!mem_place.base || !mem_place.not_ram)
		ghcb_terminate(0, 0);
}
