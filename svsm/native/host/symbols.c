/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "host/fault.h"
#include "host/mem.h"

/* Made by ci/symtab.sh from the first link of the image. */
extern const uint32_t symtab_count;
extern const uint64_t symtab_addr[];
extern const uint32_t symtab_name[];
extern const char symtab_names[];

const char *symbols_find(uint64_t addr, uint64_t *offset)
{
	uint32_t low = 0, high = symtab_count;

	if (addr < (uint64_t)image_start || addr >= (uint64_t)image_text_end)
		return NULL;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (symtab_addr[mid] <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	*offset = addr - symtab_addr[low - 1];
	return symtab_names + symtab_name[low - 1];
}
