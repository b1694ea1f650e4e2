/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Who owns QEMU's RAM. The monitor takes a block off the top of low RAM for its image and its pool,
 * moves itself there, and leaves the rest to the guest, the place where QEMU loaded it included.
 * Where there is RAM above 4 GiB, the pool has a second part at its top.
 */
#include "machine/host/mem/mem.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/fwcfg.h"
#include "machine/host/mem/guest_ram.h"
#include "machine/host/mem/paging.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/layout.h"
#include "abi/q35.h"
#include "base/x86.h"
#include "lib/string.h"

#define RANGES_MAX 16
#define POOL_SHARE 32 /* one page of pool for so many of RAM: the RMP and nested tables */
#define POOL_FIXED (16ull << 20)
#define POOL_CPU   (128ull << 10) /* a CPU's stacks, and its vCPU with a VMCB for each VMPL */

static struct host_range ranges[RANGES_MAX]; /* the guest may have it, once the block is cut out */
static unsigned range_count;
static uint64_t ram_end;
static struct host_range block; /* the monitor's: image, then pool */
static struct host_range high;  /* the monitor's too: the pool's part above 4 GiB; size 0: none */

void boot_relocate(void *dst, const void *src, size_t words, uint64_t cr3);

/* The caller has checked that start + len does not wrap. */
static bool overlaps(const struct host_range *r, uint64_t start, uint64_t len)
{
	return start < r->base + r->size && r->base < start + len;
}

bool host_is_ram(hpa_t pa, uint64_t len)
{
	if (pa.v + len < pa.v || overlaps(&block, pa.v, len) || overlaps(&high, pa.v, len))
		return true; /* wraps: let nobody touch it */
	for (unsigned i = 0; i < range_count; i++) {
		if (overlaps(&ranges[i], pa.v, len))
			return true;
	}
	return false;
}

uint64_t host_low_end(void)
{
	return block.base + block.size;
}

static uint64_t image_size(void)
{
	return (uint64_t)image_end - (uint64_t)image_start;
}

/* Off the top of a range, on 2M boundaries, for large guest pages. */
static struct host_range take(struct host_range *r, uint64_t size)
{
	uint64_t end = r->base + r->size, base = ALIGN_DOWN(end - size, SIZE_2M);

	r->size = base - r->base;
	return (struct host_range){base, end - base};
}

/* The last range below 4 GiB; bytes of all RAM there, and above. */
static struct host_range *low_range(uint64_t *below, uint64_t *above)
{
	struct host_range *low = NULL;

	*below = *above = 0;
	for (unsigned i = 0; i < range_count; i++) {
		bool is_low = ranges[i].base < 4 * SIZE_1G;

		*(is_low ? below : above) += ranges[i].size;
		low = is_low ? &ranges[i] : low;
	}
	return low;
}

/* The monitor's part of a range: its share, or all that the guest is not to have. */
static uint64_t part(uint64_t share, uint64_t size, uint64_t guest)
{
	guest = ALIGN_UP(guest, SIZE_2M);
	return size > guest ? MAX(share, size - guest) : share;
}

/* What the block took of the RAM that the guest has below 4 GiB comes from above. */
static void choose_high(struct host_range *last, uint64_t above, uint64_t guest_low,
			uint64_t guest_high)
{
	uint64_t lacking = guest_low > block.base ? guest_low - block.base : 0;
	uint64_t size = part(above / POOL_SHARE, above, guest_high + lacking + SIZE_2M);

	if (above && last->size > size + SIZE_2M)
		high = take(last, size);
}

/*
 * The block comes off the last range below 4 GiB, since CPUs start in 32-bit mode and with tables
 * of the pool. RAM above pays its own share of the pool, off the last range of all.
 */
static void choose_block(void)
{
	struct host_range *last = &ranges[range_count - 1];
	uint64_t below, above, guest_low, guest_high;
	struct host_range *low = low_range(&below, &above);
	uint64_t size = image_size() + below / POOL_SHARE + POOL_FIXED + fwcfg_cpus() * POOL_CPU;

	if (!low || size > low->size / 2)
		host_fault("too little RAM below 4 GiB for a block of %llu KiB",
			   (unsigned long long)size / 1024);
	ram_end = last->base + last->size;
	if (ram_end > Q35_MMIO64_BASE)
		host_fault("RAM reaches into the window of 64-bit BARs");
	if (!guest_ram_wanted(&guest_low, &guest_high))
		guest_low = guest_high = ram_end;
	block = take(low, part(size, low->base + low->size, guest_low));
	choose_high(last, above, guest_low, guest_high);
}

/* Never executable: guest memory is data to the monitor. */
static void map_direct(uint64_t root, uint64_t start, uint64_t end, uint64_t flags)
{
	if (start < end)
		paging_map(root, DIRECT_BASE + start, start, end - start,
			   flags | PTE_P | PTE_W | PTE_NX | PTE_G);
}

static void map_image(uint64_t root, const char *from, const char *to, uint64_t flags)
{
	paging_map(root, (uint64_t)from, block.base + ((uint64_t)from - (uint64_t)image_start),
		   (uint64_t)to - (uint64_t)from, flags | PTE_P | PTE_G);
}

/* Code and data of the image are reached at their linked address only: W^X has no second door. */
static uint64_t build_tables(void)
{
	uint64_t root = paging_create(), low_end = block.base + block.size;

	map_direct(root, 0, block.base, 0);
	map_direct(root, block.base + image_size(), low_end, 0);
	map_direct(root, low_end, 4 * SIZE_1G, BIT(4) /* PCD */);
	map_direct(root, 4 * SIZE_1G, ALIGN_UP(ram_end, SIZE_2M), 0);
	map_image(root, image_start, image_text_end, 0);
	map_image(root, image_text_end, image_rodata_end, PTE_NX);
	map_image(root, image_rodata_end, image_end, PTE_W | PTE_NX);
	return root;
}

/* boot_relocate() copies this very stack as well and comes back on the copy, on the new tables. The
 * first ones do not reach beyond 4 GiB. */
void mem_init(void)
{
	uint64_t root;

	range_count = ram_find(ranges, RANGES_MAX);
	choose_block();
	pool_add(block.base + image_size(), block.size - image_size());
	root = build_tables();
	direct_image_moved(block.base);
	boot_relocate(host_ptr(hpa(block.base)), image_start, image_size() / 8, root);
	memset(host_ptr(hpa(IMAGE_LOAD)), 0, image_size()); /* guest RAM from here on */
	if (high.size)
		pool_add(high.base, high.size);
	guest_ram_lay(ranges, range_count);
}
