/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's RAM. It lies where a q35 with so much RAM has it: from 0 on in one piece, 0xa0000
 * included, since no VGA adapter is there to take that window (QEMU 7.2, hw/i386/pc.c,
 * pc_memory_init()), and from 4 GiB on. The first MiB is memory of the pool (host/mem/ram.h). From
 * there on, as far as it goes, a page has one address on both sides; what the monitor takes of low
 * RAM is made up for from above 4 GiB.
 */
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "abi/machine.h"
#include "base/x86.h"

#define ABOVE (4 * SIZE_1G)
#define MIB   (1ull << 20)

static struct host_range shown[2];
static unsigned shown_count;

/* What is left of QEMU's RAM. */
static struct source {
	const struct host_range *r;
	unsigned n;
	uint64_t used; /* bytes of *r */
} source;

unsigned host_guest_ranges(const struct host_range **r)
{
	*r = shown;
	return shown_count;
}

static uint64_t number(const char **p)
{
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9' && n < MACHINE_MEM_MOST; ++*p)
		n = n * 10 + (uint64_t)(**p - '0');
	*p += **p == ' ';
	return n;
}

/* Two decimal numbers: MiB of all RAM, and of that below 4 GiB. */
bool guest_ram_wanted(uint64_t *below, uint64_t *above)
{
	static char text[32];
	struct fwcfg_file f;
	uint64_t all, low;
	const char *p = text;

	if (!fwcfg_find(MACHINE_FW_MEM, &f) || f.size >= sizeof(text) ||
	    !fwcfg_read(&f, 0, host_pa(text), f.size))
		return false;
	all = number(&p);
	low = number(&p);
	if (*p || low > all || !low || low > ABOVE / MIB || all > MACHINE_MEM_MOST)
		host_fault("fw_cfg " MACHINE_FW_MEM " is \"%s\": MiB of RAM, and below 4 GiB",
			   text);
	*below = low * MIB;
	*above = (all - low) * MIB;
	return true;
}

/* The next bytes that are left, size at most, at an address that suits at; 0: none. */
static uint64_t take(uint64_t at, uint64_t size, uint64_t *host)
{
	for (; source.n; source.n--, source.r++, source.used = 0) {
		uint64_t skip = (at - source.r->base - source.used) % SIZE_2M;

		if (source.used + skip >= source.r->size)
			continue;
		size = MIN(size, source.r->size - source.used - skip);
		*host = source.r->base + source.used + skip;
		source.used += skip + size;
		return size;
	}
	return 0;
}

/* RAM from base to end: true when there was as much. */
static bool fill(uint64_t base, uint64_t end)
{
	uint64_t host, size;

	for (; base < end; base += size) {
		size = take(base, end - base, &host);
		if (!size)
			return false;
		gpa_map_add((struct gpa_extent){base, size, host, true});
	}
	return true;
}

static void show(uint64_t base, uint64_t size)
{
	if (size)
		shown[shown_count++] = (struct host_range){base, size};
}

/* Where nobody says how much: all that is left, at its own address. */
static void all_that_is_left(uint64_t *below, uint64_t *above)
{
	*below = *above = 0;
	for (unsigned i = 0; i < source.n; i++) {
		const struct host_range *r = &source.r[i];

		if (r->base < ABOVE)
			*below = r->base + r->size;
		else
			*above = r->base + r->size - ABOVE;
	}
}

void guest_ram_lay(const struct host_range *left, unsigned n)
{
	void *first = host_pages_alloc((unsigned)(RAM_FIRST / PAGE_SIZE));
	uint64_t below, above;

	source = (struct source){left, n, 0};
	shown_count = 0;
	if (!guest_ram_wanted(&below, &above))
		all_that_is_left(&below, &above);
	gpa_map_add((struct gpa_extent){0, RAM_FIRST, host_pa(first).v, true});
	if (!fill(RAM_FIRST, below) || !fill(ABOVE, ABOVE + above))
		host_fault("QEMU has too little RAM for %llu MiB of the guest and the machine's "
			   "own: start it with more (-m)",
			   (unsigned long long)(below + above) / MIB);
	show(0, below);
	show(ABOVE, above);
}
