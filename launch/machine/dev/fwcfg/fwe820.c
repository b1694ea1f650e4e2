/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/fwcfg/fwe820.h"

#define VGA_START 0xa0000ull
#define VGA_END   0xc0000ull

/* Does the range go on where the entry ends? */
static bool joins(const struct fwe820_entry *e, const struct host_range *r)
{
	uint64_t end = e->base + e->size;

	return end == r->base || (end == VGA_START && r->base == VGA_END);
}

unsigned fwe820_make(struct fwe820_entry map[FWE820_MAX], const struct host_range *r, unsigned n)
{
	unsigned count = 0;

	for (; n--; r++) {
		struct fwe820_entry *last = count ? &map[count - 1] : NULL;

		if (last && joins(last, r))
			last->size = r->base + r->size - last->base;
		else if (count < FWE820_MAX)
			map[count++] = (struct fwe820_entry){r->base, r->size, FWE820_RAM};
	}
	return count;
}

uint64_t fwe820_low_end(const struct fwe820_entry *map, unsigned n)
{
	return n ? map[0].base + map[0].size : 0;
}

uint64_t fwe820_high(const struct fwe820_entry *map, unsigned n)
{
	uint64_t bytes = 0;

	for (; n--; map++)
		bytes += map->base >= 4 * SIZE_1G ? map->size : 0;
	return bytes;
}

uint64_t fwe820_ram(const struct fwe820_entry *map, unsigned n)
{
	uint64_t bytes = 0;

	while (n--)
		bytes += map[n].size;
	return bytes;
}
