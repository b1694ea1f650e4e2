/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Which memory is RAM: QEMU's e820 list, less the VGA window, which is nobody's RAM. It also turns
 * the ROM shadows below 1 MiB into RAM.
 */
#include "machine/host/mem/ram.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host_assert.h"
#include "base/x86.h"

#define E820_RAM 1

/* q35 host bridge, 00:00.0: PAM0..6 switch 0xc0000..0xfffff between ROM and RAM */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  BIT(31)
#define PAM_FIRST   0x90
#define PAM_COUNT   7
#define PAM_RAM     0x33 /* both halves readable and writable RAM */

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

/* The firmware's ROM shadows become plain RAM: Linux without EFI scans this range for an iBFT, as
 * private memory, so it has to be memory that somebody can validate. */
static void open_rom_shadows(void)
{
	for (uint32_t reg = PAM_FIRST; reg < PAM_FIRST + PAM_COUNT; reg++) {
		outl(PCI_ADDRESS, PCI_ENABLE | (reg & ~3u));
		outb(PCI_DATA + (reg & 3), PAM_RAM);
	}
}

unsigned ram_find(struct host_range *r, unsigned max)
{
	struct fwcfg_file f;
	unsigned n = 0;

	open_rom_shadows();
	if (!fwcfg_find("etc/e820", &f) || f.size > sizeof(table) ||
	    !fwcfg_read(&f, 0, host_pa(table), f.size))
		host_fault("fw_cfg has no usable etc/e820");
	for (unsigned i = 0; i < f.size / sizeof(table[0]); i++) {
		uint64_t base = table[i].base, end = base + table[i].size;

		if (table[i].type != E820_RAM)
			continue;
		if (base < RAM_HOLE_START)
			n = add(r, n, max, base, MIN(end, RAM_HOLE_START));
		n = add(r, n, max, MAX(base, RAM_HOLE_END), end);
	}
	return n;
}
