/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "lib/symtab.h"

extern const uint32_t symtab_count;
extern const uint64_t symtab_addr[]; /* ascending */
extern const uint32_t symtab_name[]; /* where in symtab_names */
extern const char symtab_names[];

const char *symtab_find(const char *text, const char *end, uint64_t addr, uint64_t *offset)
{
	uint32_t low = 0, high = symtab_count;

	if (addr < (uint64_t)text || addr >= (uint64_t)end)
		return NULL;
	while (low < high) { /* the first entry above addr */
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
