/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The page tables of a bare guest: built once, then a window of 512 pages that changes. */
#include "bare/lib/paging.h"

#define GIB_MAPPED 4
#define GIB_MMIO   3

static uint64_t pml4[512] ALIGNED(4096);
static uint64_t pdpt_private[512] ALIGNED(4096);
static uint64_t pdpt_shared[512] ALIGNED(4096);
static uint64_t pdpt_window[512] ALIGNED(4096);
static uint64_t pd_private[GIB_MAPPED][512] ALIGNED(4096);
static uint64_t pd_shared[GIB_MAPPED][512] ALIGNED(4096);
static uint64_t pd_window[512] ALIGNED(4096);
static uint64_t pt_window[PAGING_SLOTS] ALIGNED(4096);

uint64_t paging_cbit;

static uint64_t table(const uint64_t *t)
{
	return (uint64_t)t | paging_cbit | PAGING_RW | PTE_U;
}

/* One mapping of the first GiBs in 2M pages. MMIO lies in the last GiB and never has the C-bit. */
static void fill(uint64_t *pdpt, uint64_t (*pd)[512], bool shared)
{
	for (unsigned g = 0; g < GIB_MAPPED; g++) {
		uint64_t c = shared || g >= GIB_MMIO ? 0 : paging_cbit;

		for (uint64_t i = 0; i < 512; i++)
			pd[g][i] = (g * SIZE_1G + i * SIZE_2M) | c | PAGING_RW | PTE_U | PTE_PS;
		pdpt[g] = table(pd[g]);
	}
}

/*
 * Three views of memory: private, shared (the same without C-bit), and the window, whose 4K entries
 * a test sets one by one.
 */
void paging_init(unsigned cbit_position)
{
	paging_cbit = BIT(cbit_position);
	fill(pdpt_private, pd_private, false);
	fill(pdpt_shared, pd_shared, true);
	pd_window[0] = table(pt_window);
	pdpt_window[0] = table(pd_window);
	pml4[0] = table(pdpt_private);
	pml4[PAGING_SHARED >> 39] = table(pdpt_shared);
	pml4[PAGING_WINDOW >> 39] = table(pdpt_window);
	write_cr3((uint64_t)pml4 | paging_cbit);
}

/* Valid on this vCPU at once; another vCPU must flush its own translation of the slot. */
uint64_t paging_map(unsigned slot, uint64_t pa, uint64_t flags)
{
	uint64_t va = PAGING_WINDOW + slot * PAGE_SIZE;

	WRITE_ONCE(pt_window[slot], pa | flags);
	invlpg(va);
	return va;
}

void paging_unmap(unsigned slot)
{
	WRITE_ONCE(pt_window[slot], 0);
	invlpg(PAGING_WINDOW + slot * PAGE_SIZE);
}

/* Every level has a say, so the first one's is enough (APM vol. 2, 5.6.1). */
void paging_close(bool closed)
{
	for (unsigned i = 0; i < 512; i++)
		if (pml4[i])
			pml4[i] = closed ? pml4[i] & ~PTE_U : pml4[i] | PTE_U;
	write_cr3((uint64_t)pml4 | paging_cbit);
}
