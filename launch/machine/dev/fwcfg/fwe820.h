/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The guest's RAM as QEMU tells firmware of it: etc/e820 (QEMU 7.2, hw/i386/e820_memory_layout.h).
 * Portable. */
#include "machine/host/mem/ram.h"

#define FWE820_MAX 8
#define FWE820_RAM 1

struct fwe820_entry {
	uint64_t base, size;
	uint32_t type;
} PACKED;
ABI_SIZE(struct fwe820_entry, 20, "struct e820_entry");

/* From n ascending ranges, the first one all RAM below 4 GiB; what does not fit is left out.
 * Returns how many entries there are. */
unsigned fwe820_make(struct fwe820_entry map[FWE820_MAX], const struct host_range *r, unsigned n);
/* Where low RAM ends: firmware takes the first entry for it. */
uint64_t fwe820_low_end(const struct fwe820_entry *map, unsigned n);
uint64_t fwe820_high(const struct fwe820_entry *map, unsigned n); /* bytes from 4 GiB on */
uint64_t fwe820_ram(const struct fwe820_entry *map, unsigned n);  /* bytes in all */
