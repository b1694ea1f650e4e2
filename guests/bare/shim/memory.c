/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The payload's RAM: from 0 to where the machine's ends, or the shim begins. */
#include "abi/igvm.h"
#include "abi/payload.h"
#include "bare/lib/snp.h"
#include "bare/shim/shim.h"

uint8_t igvm_memory_map[PAGE_SIZE] SECTION(".igvm.memory_map") ALIGNED(4096) = {0};

static uint64_t top;

uint64_t memory_top(void)
{
	return top;
}

void *memory_at(uint64_t gpa, uint64_t n)
{
	return gpa < top && n <= top - gpa ? (void *)gpa : NULL;
}

/* What the launch has filled is valid already. Rights are given in any case. */
static void take_page(uint64_t at)
{
	uint32_t rc = pvalidate(at, RMP_PG_4K, 1, NULL);

	if (rc || rmpadjust(at, RMP_PG_4K, RMPADJUST_ATTR(SHIM_VMPL, RMP_RWX)))
		shim_fail("RAM at 0x%llx cannot be validated", (unsigned long long)at);
}

static void take_large(uint64_t at)
{
	if (!pvalidate(at, RMP_PG_2M, 1, NULL) &&
	    !rmpadjust(at, RMP_PG_2M, RMPADJUST_ATTR(SHIM_VMPL, RMP_RWX)))
		return;
	for (uint64_t i = 0; i < SIZE_2M; i += PAGE_SIZE)
		take_page(at + i);
}

/* The end of the RAM that begins at 0, by the loader's map: entries are in order. */
static uint64_t end_of_low_ram(void)
{
	const struct igvm_memory_map_entry *e = (const void *)igvm_memory_map;
	uint64_t end = 0;

	for (unsigned i = 0; i < sizeof(igvm_memory_map) / sizeof(*e) && e[i].pages; i++)
		if (e[i].type == IGVM_MEMORY_RAM && e[i].pfn << PAGE_SHIFT <= end)
			end = (e[i].pfn + e[i].pages) << PAGE_SHIFT;
	return end;
}

void memory_init(void)
{
	top = MIN(end_of_low_ram(), PAYLOAD_SHIM_BASE) & ~(SIZE_2M - 1);
	if (top < 2 * SIZE_2M)
		shim_fail("RAM ends at 0x%llx", (unsigned long long)top);
	for (uint64_t at = 0; at < top; at += SIZE_2M)
		take_large(at);
}
