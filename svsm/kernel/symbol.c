/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "kernel/symbol.h"
#include "cpu/image.h"

extern const uint64_t symtab_addr[];
extern const uint32_t symtab_name[];
extern const char symtab_names[];
extern const uint32_t symtab_count;

const char *symbol_find(uint64_t addr, uint64_t *offset)
{
	uint32_t lo = 0, hi = symtab_count;

	if (addr < (uint64_t)kernel_text || addr >= (uint64_t)kernel_text_end)
		return NULL;
	while (lo < hi) { /* first entry above addr */
		uint32_t mid = lo + (hi - lo) / 2;

		if (symtab_addr[mid] <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	*offset = addr - symtab_addr[lo - 1];
	return symtab_names + symtab_name[lo - 1];
}
