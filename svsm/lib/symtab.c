/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Finds the function that holds an address, for stack traces. The table comes from ci/symtab.sh,
 * which links an image twice; in the first link it is empty. Called in a panic, so it trusts no
 * address and takes no lock.
 */
#include "lib/symtab.h"

extern const uint32_t symtab_count;
extern const uint64_t symtab_addr[]; /* ascending */
extern const uint32_t symtab_name[]; /* offset in symtab_names */
extern const char symtab_names[];

const char *symtab_find(const char *text, const char *end, uint64_t addr, uint64_t *offset)
{
	uint32_t low = 0, high = symtab_count;

	if (addr < (uint64_t)text || addr >= (uint64_t)end)
		return NULL;
	while (low < high) { /* binary search for the first entry above addr */
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
