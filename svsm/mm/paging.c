/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The kernel's page tables. Built once from the image's sections and the memory map; later only
 * paging_set() changes anything, one page of SVSM data at a time. No page is ever writable and
 * executable, and nothing is mapped for ring 3. Guest memory is mapped here but accessed in
 * mm/guest_mem.c alone.
 */
#include "mm/paging.h"
#include "base/assert.h"
#include "base/x86.h"
#include "mm/image.h"
#include "mm/alloc.h"
#include "mm/launch_area.h"
#include "lib/lock.h"
#include "log/log.h"
#include "mm/memmap.h"
#include "lib/string.h"
#include "platform/platform.h"

#define ENTRIES 512

uint64_t paging_kernel_phys SECTION(".data") = KERNEL_LINKED;

static struct spinlock paging_lock; /* LOCK_PAGING: changes of entries after boot */
static uint64_t *root;
static uint64_t cr4_bits = CR4_PAE;

static unsigned slot(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1);
}

static uint64_t *table_of(uint64_t entry)
{
	return paging_va(gpa(entry & PTE_ADDR & ~platform_cbit));
}

/* Boot only, or under paging_lock. Panics without memory: at boot there is nothing to go on with,
 * and paging_set() finds its tables there already. */
static uint64_t *next_table(uint64_t *entry)
{
	if (!(*entry & PTE_P)) {
		void *t = alloc_page();

		if (!t)
			panic("no memory for page tables");
		*entry = paging_pa(t).v | platform_cbit | PTE_P | PTE_W;
	}
	return table_of(*entry);
}

/* The entry that maps va at that level (0: 4K page, 1: 2M); tables above it are made when they are
 * missing. */
static uint64_t *entry_for(uint64_t va, unsigned level)
{
	uint64_t *t = root;

	for (unsigned l = 3; l > level; l--)
		t = next_table(&t[slot(va, l)]);
	return &t[slot(va, level)];
}

/* A private mapping, by 2M pages where address, memory and size allow. */
static void map(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	flags |= PTE_P | PTE_A | PTE_D | PTE_G | platform_cbit;
	while (size) {
		bool large = size >= SIZE_2M && IS_ALIGNED(va | pa, SIZE_2M);
		uint64_t step = large ? SIZE_2M : PAGE_SIZE;

		*entry_for(va, large) = pa | flags | (large ? PTE_PS : 0);
		va += step;
		pa += step;
		size -= step;
	}
}

/* SVSM memory in 4K pages, so that single pages can change later. */
static void map_kernel(const char *from, const char *to, uint64_t flags)
{
	for (uint64_t va = (uint64_t)from; va < (uint64_t)to; va += PAGE_SIZE)
		map(va, paging_pa((void *)va).v, PAGE_SIZE, flags);
}

void paging_init(void)
{
	const struct memmap_range *r;
	unsigned n = memmap_guest_ranges(&r);
	struct memmap_range svsm = memmap_svsm();

	root = alloc_page();
	if (!root)
		panic("no memory for page tables");
	map_kernel(kernel_text, kernel_text_end, 0);
	map_kernel(kernel_rodata, kernel_rodata_end, PTE_NX);
	map_kernel(kernel_data, (char *)paging_va(gpa_add(svsm.base, svsm.size)), PTE_W | PTE_NX);
	for (unsigned i = 0; i < n; i++)
		map(GUEST_MAP_BASE + r[i].base.v, r[i].base.v, r[i].size, PTE_W | PTE_NX);
	write_cr3(paging_root());
}

uint64_t paging_root(void)
{
	return paging_pa(root).v | platform_cbit;
}

static uint64_t wanted_cr4(void)
{
	/* PSE has no effect in long mode. Hosts have it set, and a CR4 that differs from the
	 * host's costs TCG a TLB flush at each VMRUN. Without MCE a machine check is a shutdown,
	 * and nobody learns why (APM vol. 2, 3.1.3). */
	uint64_t cr4 = CR4_PAE | CR4_PGE | CR4_PSE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	uint32_t r[4];

	platform->cpuid(7, 0, r);
	cr4 |= r[1] & BIT(7) ? CR4_SMEP : 0;
	cr4 |= r[1] & BIT(20) ? CR4_SMAP : 0;
	cr4 |= r[2] & BIT(2) ? CR4_UMIP : 0;
	return cr4;
}

void paging_protect(void)
{
	cr4_bits = wanted_cr4();
	write_cr4(cr4_bits);
	write_cr0(PAGING_CR0);
	log_info("paging: SMEP %s, SMAP %s, UMIP %s", cr4_bits & CR4_SMEP ? "on" : "absent",
		 cr4_bits & CR4_SMAP ? "on" : "absent", cr4_bits & CR4_UMIP ? "on" : "absent");
}

void paging_share(uint64_t *user_root)
{
	memcpy(user_root + ENTRIES / 2, root + ENTRIES / 2, PAGE_SIZE / 2);
}

uint64_t paging_cr4(void)
{
	return cr4_bits;
}

/* No table is missing on the way: map_kernel() has mapped all SVSM memory by 4K pages. */
void paging_set(void *page, enum paging_kind kind)
{
	uint64_t va = (uint64_t)page;
	uint64_t flags = PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX;

	ASSERT(IS_ALIGNED(va, PAGE_SIZE) && memmap_is_svsm(paging_pa(page), PAGE_SIZE) &&
	       va >= (uint64_t)kernel_data);
	lock_take(LOCK_PAGING, &paging_lock);
	if (kind == PAGING_GUARD)
		flags = 0;
	else
		flags |= paging_pa(page).v | (kind == PAGING_PRIVATE ? platform_cbit : 0);
	WRITE_ONCE(*entry_for(va, 0), flags);
	lock_give(LOCK_PAGING, &paging_lock);
	invlpg(va);
}

/* Walks the tables in use, CR3's, which may be a process's. */
uint64_t paging_lookup(uint64_t va, uint64_t *size)
{
	uint64_t *t = table_of(read_cr3());
	unsigned level = 3;
	uint64_t e;

	while ((e = READ_ONCE(t[slot(va, level)])) & PTE_P && level && !(e & PTE_PS)) {
		t = table_of(e);
		level--;
	}
	if (size)
		*size = 1ull << (PAGE_SHIFT + 9 * level);
	return e & PTE_P ? e : 0;
}
