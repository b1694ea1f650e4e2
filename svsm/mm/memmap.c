/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The physical memory map: read once from the host's parameter area, checked, then only looked up.
 * It answers the question that guards every address from a guest: is this RAM, and is it not the
 * SVSM's? The table is hostile input; everything after memmap_set() is trusted.
 */
#include "mm/memmap.h"
#include "abi/igvm.h"
#include "lib/string.h"

static struct {
	struct memmap_range ram[MEMMAP_MAX_RANGES];
	unsigned ram_count;
	struct memmap_range guest[MEMMAP_MAX_RANGES + 1];
	unsigned guest_count;
	struct memmap_range svsm;
} map;

static uint64_t end_of(const struct memmap_range *r)
{
	return r->base.v + r->size;
}

static void sort(struct memmap_range *r, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct memmap_range x = r[i];
		unsigned j = i;

		for (; j && r[j - 1].base.v > x.base.v; j--)
			r[j] = r[j - 1];
		r[j] = x;
	}
}

/* No address has more than 52 bits in this architecture; the bound keeps every sum below 2^64. */
static bool well_formed(const struct memmap_range *r)
{
	return r->size && IS_ALIGNED(r->base.v | r->size, PAGE_SIZE) && r->base.v < BIT(52) &&
	       r->size <= BIT(52) - r->base.v;
}

/* Joins neighbouring ranges of a sorted list. Returns the new number of ranges; 0 when two of them
 * overlap. */
static unsigned join(struct memmap_range *r, unsigned n)
{
	unsigned out = 0;

	for (unsigned i = 1; i < n; i++) {
		if (r[i].base.v < end_of(&r[out]))
			return 0;
		if (r[i].base.v == end_of(&r[out]))
			r[out].size += r[i].size;
		else
			r[++out] = r[i];
	}
	return out + 1;
}

static void guest_add(uint64_t base, uint64_t end)
{
	if (base < end)
		map.guest[map.guest_count++] = (struct memmap_range){gpa(base), end - base};
}

/* The guest's ranges are RAM without the SVSM's, which may split one range in two: hence one entry
 * more. */
static void cut_out_svsm(void)
{
	uint64_t from = map.svsm.base.v, to = end_of(&map.svsm);

	map.guest_count = 0;
	for (unsigned i = 0; i < map.ram_count; i++) {
		uint64_t base = map.ram[i].base.v, end = end_of(&map.ram[i]);

		if (to <= base || from >= end) {
			guest_add(base, end);
			continue;
		}
		guest_add(base, MIN(from, end));
		guest_add(MAX(to, base), end);
	}
}

/* A map that fails the last check is left without RAM, so that every later question is answered
 * with no. */
bool memmap_set(const struct memmap_range *r, unsigned count, gpa_t svsm_base, uint64_t svsm_size)
{
	if (!count || count > MEMMAP_MAX_RANGES)
		return false;
	for (unsigned i = 0; i < count; i++) {
		map.ram[i] = r[i];
		if (!well_formed(&map.ram[i]))
			return false;
	}
	sort(map.ram, count);
	map.ram_count = join(map.ram, count);
	map.svsm = (struct memmap_range){svsm_base, svsm_size};
	if (!map.ram_count || !well_formed(&map.svsm) || !memmap_is_ram(svsm_base, svsm_size)) {
		map.ram_count = 0;
		return false;
	}
	cut_out_svsm();
	return true;
}

uint64_t memmap_limit(uint64_t bytes)
{
	uint64_t left_out = 0;

	for (unsigned i = 0; i < map.ram_count; i++) {
		struct memmap_range *r = &map.ram[i];
		uint64_t least = end_of(r) <= end_of(&map.svsm)  ? r->size
				 : r->base.v < end_of(&map.svsm) ? end_of(&map.svsm) - r->base.v
								 : 0;
		uint64_t keep = MIN(r->size, MAX(least, bytes));

		left_out += r->size - keep;
		bytes -= MIN(bytes, keep);
		r->size = keep;
	}
	while (!map.ram[map.ram_count - 1].size)
		map.ram_count--;
	cut_out_svsm();
	return left_out;
}

/* A list of ranges under construction; `ok` is false once one more did not fit. */
struct list {
	struct memmap_range r[MEMMAP_MAX_RANGES];
	unsigned count;
	bool ok;
};

static void list_add(struct list *l, uint64_t base, uint64_t size)
{
	l->ok = l->ok && l->count < MEMMAP_MAX_RANGES;
	if (l->ok)
		l->r[l->count++] = (struct memmap_range){gpa(base), size};
}

/* An entry of no pages ends the table. Frame numbers are bounded before they are shifted. */
static void read_table(struct list *l, const void *table, size_t size)
{
	for (size_t at = 0; l->ok && at + sizeof(struct igvm_memory_map_entry) <= size;
	     at += sizeof(struct igvm_memory_map_entry)) {
		struct igvm_memory_map_entry e;

		memcpy(&e, (const char *)table + at, sizeof(e));
		if (!e.pages)
			break;
		if (e.type != IGVM_MEMORY_RAM)
			continue;
		l->ok = e.pages <= BIT(40) && e.pfn <= BIT(40);
		list_add(l, e.pfn << PAGE_SHIFT, e.pages << PAGE_SHIFT);
	}
}

/*
 * The first address at or after pos that the first n ranges lack, in *from; what it returns is
 * where the next of them begins, or `end`. The ranges are in no order, and may overlap.
 */
static uint64_t next_gap(const struct list *l, unsigned n, uint64_t *from, uint64_t end)
{
	uint64_t stop = end;

	for (unsigned i = 0; i < n;) {
		if (*from >= l->r[i].base.v && *from < end_of(&l->r[i])) {
			*from = end_of(&l->r[i]);
			i = 0;
		} else {
			i++;
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (l->r[i].base.v > *from)
			stop = MIN(stop, l->r[i].base.v);
	return stop;
}

/* What the table lacks of a range. The table's ranges have been bounded, so no end wraps. */
static void add_brought(struct list *l, const struct memmap_range *r)
{
	unsigned n = l->count;

	for (uint64_t from = r->base.v, stop; from < end_of(r); from = stop) {
		stop = next_gap(l, n, &from, end_of(r));
		if (from < stop)
			list_add(l, from, stop - from);
	}
}

bool memmap_init(const void *table, size_t size, const struct memmap_range *brought,
		 unsigned brought_count, gpa_t svsm_base, uint64_t svsm_size)
{
	static struct list list;

	list = (struct list){.ok = true};
	read_table(&list, table, size);
	for (unsigned i = 0; list.ok && i < list.count; i++)
		list.ok = well_formed(&list.r[i]);
	for (unsigned i = 0; list.ok && i < brought_count; i++)
		add_brought(&list, &brought[i]);
	return list.ok && memmap_set(list.r, list.count, svsm_base, svsm_size);
}

bool memmap_is_ram(gpa_t g, uint64_t len)
{
	if (!len || g.v + len < g.v)
		return false;
	for (unsigned i = 0; i < map.ram_count; i++) {
		const struct memmap_range *r = &map.ram[i];

		if (g.v >= r->base.v && g.v + len <= end_of(r))
			return true;
	}
	return false;
}

/* The safe answer to an odd question is yes: an empty range counts as one byte, one that wraps as
 * the SVSM's. */
bool memmap_is_svsm(gpa_t g, uint64_t len)
{
	len = len ? len : 1;
	if (g.v + len < g.v)
		return true;
	return g.v < end_of(&map.svsm) && g.v + len > map.svsm.base.v;
}

bool memmap_is_guest(gpa_t g, uint64_t len)
{
	return memmap_is_ram(g, len) && !memmap_is_svsm(g, len);
}

uint64_t memmap_bytes(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < map.ram_count; i++)
		bytes += map.ram[i].size;
	return bytes;
}

unsigned memmap_ranges(const struct memmap_range **r)
{
	*r = map.ram;
	return map.ram_count;
}

unsigned memmap_guest_ranges(const struct memmap_range **r)
{
	*r = map.guest;
	return map.guest_count;
}

struct memmap_range memmap_svsm(void)
{
	return map.svsm;
}

gpa_t memmap_end(void)
{
	return map.ram_count ? gpa(end_of(&map.ram[map.ram_count - 1])) : gpa(0);
}
