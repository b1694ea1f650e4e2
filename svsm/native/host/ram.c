/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "host/mem.h"

#define E820_RAM   1
#define HOLE_START 0xa0000ull /* VGA, then ROM shadows: RAM to nobody */
#define HOLE_END   0x100000ull

struct e820_entry {
	uint64_t base, size;
	uint32_t type;
} PACKED;

static struct e820_entry table[64];

static unsigned add(struct host_range *r, unsigned n, unsigned max, uint64_t base, uint64_t end)
{
	unsigned at;

	base = ALIGN_UP(base, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	if (base >= end || n == max)
		return n;
	for (at = n; at && r[at - 1].base > base; at--)
		r[at] = r[at - 1];
	r[at] = (struct host_range){base, end - base};
	return n + 1;
}

unsigned ram_find(struct host_range *r, unsigned max)
{
	struct fwcfg_file f;
	unsigned n = 0;

	if (!fwcfg_find("etc/e820", &f) || f.size > sizeof(table) ||
	    !fwcfg_read(&f, 0, host_pa(table), f.size))
		host_fault("fw_cfg has no usable etc/e820");
	for (unsigned i = 0; i < f.size / sizeof(table[0]); i++) {
		uint64_t base = table[i].base, end = base + table[i].size;

		if (table[i].type != E820_RAM)
			continue;
		if (base < HOLE_START)
			n = add(r, n, max, base, MIN(end, HOLE_START));
		n = add(r, n, max, MAX(base, HOLE_END), end);
	}
	return n;
}
