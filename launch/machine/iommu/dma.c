/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The table of all devices: three levels, pages of 4K. Tables are made when the first page in their
 * 2 MiB, or 1 GiB, is shared, and never given back. Opening a page costs one store, since the IOMMU
 * keeps nothing of what it found closed; only what closes has to leave its caches.
 */
#include "machine/iommu/dma.h"
#include "machine/iommu/iommu.h"
#include "machine/host/log.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "base/x86.h"

#define OPEN (IOMMU_READ | IOMMU_WRITE)

static uint64_t *root; /* an entry for each GiB; NULL: no IOMMU */
static uint64_t opened, closed;

void dma_init(void)
{
	uint64_t *table = host_pages_alloc(1);

	root = iommu_init(host_pa(table)) ? table : NULL;
	if (!root)
		host_pages_free(table, 1);
	host_log("IOMMU: %s",
		 root ? "devices reach shared pages only" : "none; devices reach all of memory");
}

static uint64_t *table_at(uint64_t entry)
{
	return host_ptr(hpa(entry & PTE_ADDR));
}

/* CPUs in two regions may need the same upper table at once: the first one makes it. */
static uint64_t *new_table(uint64_t *slot)
{
	uint64_t *t = host_pages_alloc(1), none = 0;

	if (__atomic_compare_exchange_n(slot, &none, host_pa(t).v | OPEN, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		return t;
	host_pages_free(t, 1);
	return table_at(none);
}

static uint64_t *below(uint64_t *slot, bool create)
{
	uint64_t entry = READ_ONCE(*slot);

	if (entry)
		return table_at(entry);
	return create ? new_table(slot) : NULL;
}

/* The table of the 2 MiB around g. All RAM lies within the IOMMU's reach (abi/machine.h). */
static uint64_t *leaf_table(gpa_t g, bool create)
{
	uint64_t *pd = root && !(g.v >> IOMMU_BITS) ? below(&root[g.v >> 30], create) : NULL;

	return pd ? below(&pd[g.v >> 21 & 511], create) : NULL;
}

static uint64_t entry_of(gpa_t g)
{
	return gpa_map_host(g).v | OPEN;
}

/* How many of them changed. */
static unsigned set_entries(uint64_t *pte, gpa_t g, unsigned n, bool open)
{
	unsigned changed = 0;

	for (unsigned i = 0; i < n; i++) {
		changed += !pte[i] == open;
		WRITE_ONCE(pte[i], open ? entry_of(gpa_add(g, i * PAGE_SIZE)) : 0);
	}
	return changed;
}

void dma_sync(gpa_t g, unsigned n, bool open)
{
	uint64_t *pt = leaf_table(g, open);
	unsigned changed;

	if (!pt)
		return;
	changed = set_entries(&pt[gpa_pfn(g) & 511], gpa_page(g), n, open);
	__atomic_fetch_add(open ? &opened : &closed, changed, __ATOMIC_RELAXED);
	if (changed && !open)
		iommu_forget(gpa_page(g), n);
}

void dma_print(void)
{
	if (!root)
		return;
	host_log("stats: dma.opened %llu", (unsigned long long)opened);
	host_log("stats: dma.closed %llu", (unsigned long long)closed);
}
