/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The machine's physical memory: the RAM ranges of the IGVM memory map parameter, and which of it
 * belongs to the SVSM. Fixed after memmap_init(); read without locks. Portable.
 */
#include "base/addr.h"

struct memmap_range {
	gpa_t base;    /* page aligned */
	uint64_t size; /* bytes, whole pages, not 0 */
};

#define MEMMAP_MAX_RANGES 170 /* entries of a parameter area of one page */

/*
 * Fill the map from the parameter area (a table of IGVM_VHS_MEMORY_MAP_ENTRY, at most `size`
 * bytes), from what the launch itself has brought, and the SVSM's own range. A launch may put pages
 * where the host has no RAM to tell of, so whatever of `brought` is not in the table is added to
 * it. Ranges are sorted and joined. False when the table is malformed, has no RAM, too many ranges
 * or overlapping ones, or when SVSM memory is not RAM.
 */
bool memmap_init(const void *table, size_t size, const struct memmap_range *brought,
		 unsigned brought_count, gpa_t svsm_base, uint64_t svsm_size);
/* The same from an array of ranges, as they are. */
bool memmap_set(const struct memmap_range *r, unsigned count, gpa_t svsm_base, uint64_t svsm_size);

/*
 * Leave out RAM from the top, so that at most `bytes` (whole pages) of it are there; what is left
 * out is no RAM to anybody from then on. The SVSM's own range and what lies below it always stay.
 * Returns how many bytes were left out.
 */
uint64_t memmap_limit(uint64_t bytes);

/* True when every byte of [g, g + len) is RAM (SVSM memory included). len 0 and wrap-around: false.
 */
bool memmap_is_ram(gpa_t g, uint64_t len);
/* True when any byte of [g, g + len) is SVSM memory. len 0 counts as 1; a range that wraps: true.
 */
bool memmap_is_svsm(gpa_t g, uint64_t len);
/* RAM and not the SVSM's: what a guest may name. */
bool memmap_is_guest(gpa_t g, uint64_t len);

/* All RAM, ascending, adjacent ranges joined, the SVSM's own not cut out. */
uint64_t memmap_bytes(void); /* in all ranges */
unsigned memmap_ranges(const struct memmap_range **r);
/* RAM without SVSM memory, ascending. */
unsigned memmap_guest_ranges(const struct memmap_range **r);
struct memmap_range memmap_svsm(void);
gpa_t memmap_end(void); /* first address after the last RAM byte */
