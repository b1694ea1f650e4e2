/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which memory is RAM: QEMU's e820 list, less the first MiB. That is no guest's: what a CPU runs at
 * an INIT or an SMI lies there, both of which a device can send (host/smp.c).
 */
#include "machine/host/mem/ram.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host_assert.h"
#include "base/x86.h"

#define E820_RAM 1

struct e820_entry {
	uint64_t base, size;
	uint32_t type;
} PACKED;

static struct e820_entry table[64];

/* Keeps the ranges sorted; whole pages only. Returns how many there are now. */
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

		if (table[i].type == E820_RAM)
			n = add(r, n, max, MAX(base, RAM_FIRST), end);
	}
	return n;
}
