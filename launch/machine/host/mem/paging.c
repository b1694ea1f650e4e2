/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The monitor's own page tables: four levels, the largest page that fits, all of it U=0. */
#include "machine/host/mem/paging.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "base/x86.h"

#define TABLE_FLAGS (PTE_P | PTE_W | PTE_A)

static unsigned index_of(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & 511;
}

static uint64_t *table_of(uint64_t entry)
{
	return host_ptr(hpa(entry & PTE_ADDR));
}

uint64_t paging_create(void)
{
	return host_pa(host_pages_alloc(1)).v;
}

/* 2: 1 GiB pages, 1: 2 MiB, 0: 4 KiB */
static unsigned largest_level(uint64_t va, uint64_t pa, uint64_t size)
{
	static int has_1g = -1;
	uint32_t r[4];

	if (has_1g < 0) {
		cpuid(0x80000001, 0, r);
		has_1g = r[3] >> 26 & 1;
	}
	if (has_1g && IS_ALIGNED(va | pa, SIZE_1G) && size >= SIZE_1G)
		return 2;
	return IS_ALIGNED(va | pa, SIZE_2M) && size >= SIZE_2M ? 1 : 0;
}

/* Where the entry of a level lies. Tables on the way are made as needed. A large page is never
 * split: no two mappings share a region. */
static uint64_t *entry_of(uint64_t root, uint64_t va, unsigned level)
{
	uint64_t *t = host_ptr(hpa(root));

	for (unsigned l = 3; l > level; l--) {
		uint64_t *e = &t[index_of(va, l)];

		if (!*e)
			*e = host_pa(host_pages_alloc(1)).v | TABLE_FLAGS;
		t = table_of(*e);
	}
	return &t[index_of(va, level)];
}

static void set_entry(uint64_t root, uint64_t va, unsigned level, uint64_t entry)
{
	*entry_of(root, va, level) = entry;
}

uint64_t *paging_entry(uint64_t va)
{
	return entry_of(read_cr3() & PTE_ADDR, va, 0);
}

/* A and D are set from the start, so that the processor never writes to the tables. */
void paging_map(uint64_t root, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	HOST_ASSERT(IS_ALIGNED(va | pa | size, PAGE_SIZE));
	while (size) {
		unsigned level = largest_level(va, pa, size);
		uint64_t step = PAGE_SIZE << 9 * level;

		set_entry(root, va, level, pa | flags | PTE_A | PTE_D | (level ? PTE_PS : 0));
		va += step;
		pa += step;
		size -= step;
	}
}

void paging_add(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	paging_map(read_cr3() & PTE_ADDR, va, pa, size, flags);
}

/* A flush follows: the trampoline's page must not stay reachable at its own address. */
void paging_identity(bool on)
{
	uint64_t *root = table_of(read_cr3());

	if (on)
		set_entry(read_cr3() & PTE_ADDR, 0, 1, PTE_P | PTE_W | PTE_PS | PTE_A | PTE_D);
	else
		root[0] = 0; /* its two tables stay allocated: once, 8 KiB */
	write_cr3(read_cr3());
}

/* For reports of faults, on any CPU: all have the same tables. */
bool paging_lookup(uint64_t va, uint64_t *pa)
{
	uint64_t *t = table_of(read_cr3());

	if ((uint64_t)((int64_t)(va << 16) >> 16) != va)
		return false;
	for (unsigned level = 3;; level--) {
		uint64_t e = t[index_of(va, level)];
		uint64_t mask = (PAGE_SIZE << 9 * level) - 1;

		if (!(e & PTE_P))
			return false;
		if (!level || e & PTE_PS) {
			*pa = (e & PTE_ADDR & ~mask) | (va & mask);
			return true;
		}
		t = table_of(e);
	}
}

uint64_t paging_stack(uint64_t *va, unsigned pages)
{
	uint64_t size = pages * PAGE_SIZE, base = *va + PAGE_SIZE;

	paging_add(base, host_pa(host_pages_alloc(pages)).v, size, PTE_P | PTE_W | PTE_NX | PTE_G);
	*va = base + size;
	return base + size;
}
