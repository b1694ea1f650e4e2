/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The guest's memory map. Portable. */
#include "boot/linux/bootparams.h"
#include "mm/memmap.h"

#define E820_RAM      1
#define E820_RESERVED 2
#define E820_ACPI     3

struct e820 {
	unsigned count;
	struct bootparams_e820 entry[BOOTPARAMS_E820_MAX];
};

/* Append an entry. False: no room. The caller keeps the order ascending. */
bool e820_add(struct e820 *e, uint64_t base, uint64_t size, uint32_t type);
/* Give [base, base + size) another type. It must lie within one entry, which is split. False: it
 * does not, or there is no room. */
bool e820_carve(struct e820 *e, uint64_t base, uint64_t size, uint32_t type);
