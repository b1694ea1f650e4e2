/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/dev/fwcfg/fwe820.h"

unsigned fwe820_make(struct fwe820_entry map[FWE820_MAX], const struct host_range *r, unsigned n)
{
	unsigned count = MIN(n, (unsigned)FWE820_MAX);

	for (unsigned i = 0; i < count; i++)
		map[i] = (struct fwe820_entry){r[i].base, r[i].size, FWE820_RAM};
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
