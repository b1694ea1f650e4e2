/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Memory maps that nobody would expect. many-ranges: a page is missing in each of the last 64 MiB,
 * and the ranges come in no order. The other words add one entry that makes the map unusable.
 */
#include "machine/hostile/hostile.h"

#define PFNS_1M 256u

static void swap(struct igvm_memory_map_entry *a, struct igvm_memory_map_entry *b)
{
	struct igvm_memory_map_entry x = *a;

	*a = *b;
	*b = x;
}

/* The last range is cut from its end on, MiB by MiB: each piece lacks its first page. */
static unsigned many(struct igvm_memory_map_entry *e, unsigned n)
{
	struct igvm_memory_map_entry *last = &e[n - 1];

	for (unsigned i = 0; i < HOSTILE_RANGES && last->pages > 2 * PFNS_1M; i++) {
		last->pages -= PFNS_1M;
		e[n] = *last;
		e[n].pfn += last->pages + 1;
		e[n++].pages = PFNS_1M - 1;
	}
	for (unsigned i = 0; i < n / 2; i += 2)
		swap(&e[i], &e[n - 1 - i]);
	return n;
}

static unsigned add(struct igvm_memory_map_entry *e, unsigned n, uint64_t pfn, uint64_t pages)
{
	e[n] = e[0];
	e[n].pfn = pfn;
	e[n].pages = pages;
	return n + 1;
}

static unsigned overlapping(struct igvm_memory_map_entry *e, unsigned n)
{
	return add(e, n, e[n - 1].pfn + e[n - 1].pages - 1, 2);
}

/* In bytes it ends where it begins. */
static unsigned wrapping(struct igvm_memory_map_entry *e, unsigned n)
{
	return add(e, n, BIT(32), BIT(52));
}

/* An entry of no pages ends the table. */
static unsigned empty(struct igvm_memory_map_entry *e, unsigned n)
{
	add(e, n, 0, 0);
	swap(&e[0], &e[n]);
	return n + 1;
}

HOSTILE_HOST(many_ranges, "many-ranges") = {.on = &many_ranges_on, .memory_map = many};
HOSTILE_HOST(overlapping_ranges, "overlapping-ranges") = {.on = &overlapping_ranges_on,
							  .memory_map = overlapping};
HOSTILE_HOST(wrapping_range, "wrapping-range") = {.on = &wrapping_range_on, .memory_map = wrapping};
HOSTILE_HOST(empty_range, "empty-range") = {.on = &empty_range_on, .memory_map = empty};
