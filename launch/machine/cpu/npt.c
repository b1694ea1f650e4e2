/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The nested tables: four trees, one for each VMPL, built 2 MiB at a time when a fault asks for
 * them. Each entry is what guard_rights() says of the page, and npt_sync() brings every tree into
 * line when that changes. Pages of tables are never given back, so a CPU that still walks an old
 * one does no harm.
 */
#include "machine/cpu/npt.h"
#include "machine/cpu/guard.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "base/x86.h"

#define PTE_MARKED BIT(9) /* ignored by the processor: not what the RMP alone would give */
#define TABLE_PTE  (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static struct npt {
	uint64_t *paged, *unpaged;
	uint64_t *pdpt[2]; /* [private] */
	uint64_t *vtom_root;
	uint64_t vtom; /* 0: not in use yet; atomic */
} trees[VMPL_COUNT];

static uint64_t *table_at(uint64_t entry)
{
	return host_ptr(hpa(entry & PTE_ADDR));
}

/* One store makes the table visible: a CPU that walks the tree meanwhile sees all of it or
 * nothing. CPUs in two regions may need the same upper table at once: the first one makes it. */
static uint64_t *new_table(uint64_t *slot)
{
	uint64_t *t = host_pages_alloc(1), none = 0;

	if (__atomic_compare_exchange_n(slot, &none, host_pa(t).v | TABLE_PTE, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return t;
	host_pages_free(t, 1);
	return table_at(none);
}

void npt_init(void)
{
	for (int i = 0; i < VMPL_COUNT; i++) {
		struct npt *n = &trees[i];

		n->paged = host_pages_alloc(1);
		n->unpaged = host_pages_alloc(1);
		n->vtom_root = host_pages_alloc(1);
		n->pdpt[0] = new_table(&n->paged[0]);
		n->pdpt[1] = new_table(&n->paged[256]);
		n->unpaged[0] = n->paged[256];
	}
}

hpa_t npt_root(uint8_t vmpl, bool paged)
{
	return host_pa(paged ? trees[vmpl].paged : trees[vmpl].unpaged);
}

/* The table behind an entry; NULL when there is none and none is to be made. */
static uint64_t *below(uint64_t *slot, bool create)
{
	uint64_t entry = READ_ONCE(*slot);

	if (entry & PTE_P)
		return table_at(entry);
	return create ? new_table(slot) : NULL;
}

/* The page table of the 2 MiB around g. */
static uint64_t *leaf_table(uint8_t vmpl, bool is_private, gpa_t g, bool create, bool *made)
{
	uint64_t *pd, *slot;

	if (g.v >> 39)
		return NULL;
	pd = below(&trees[vmpl].pdpt[is_private][g.v >> 30], create);
	if (!pd)
		return NULL;
	slot = &pd[g.v >> 21 & 511];
	if (made)
		*made = !(*slot & PTE_P);
	return below(slot, create);
}

bool npt_vtom(uint8_t vmpl, uint64_t vtom)
{
	uint64_t none = 0;

	if (!vtom || !IS_ALIGNED(vtom, SIZE_2M))
		return false;
	return __atomic_compare_exchange_n(&trees[vmpl].vtom, &none, vtom, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) ||
	       none == vtom;
}

hpa_t npt_vtom_root(uint8_t vmpl)
{
	return host_pa(trees[vmpl].vtom_root);
}

/* Upper tables of its own, and below them the tables of the other roots: what changes in those
 * changes here. */
void npt_vtom_link(uint8_t vmpl, bool is_private, gpa_t g)
{
	uint64_t *pt = leaf_table(vmpl, is_private, g, false, NULL);
	uint64_t *pdpt, *pd;

	if (!pt)
		return;
	pdpt = below(&trees[vmpl].vtom_root[0], true);
	pd = below(&pdpt[g.v >> 30], true);
	WRITE_ONCE(pd[g.v >> 21 & 511], host_pa(pt).v | TABLE_PTE);
}

/* Pages that lie in a row in the host's memory, so that not every page of many is looked up. */
struct row {
	uint64_t base, size, host;
};

static uint64_t host_of(struct row *r, gpa_t page)
{
	hpa_t host;

	if (page.v - r->base >= r->size) {
		r->size = gpa_map_run(page, &host);
		HOST_ASSERT(r->size);
		r->base = page.v;
		r->host = host.v;
	}
	return r->host + (page.v - r->base);
}

/* A page that may not be read is not mapped at all: no entry gives less than the right to read. */
static uint64_t make_pte(struct row *r, gpa_t g, uint8_t rights)
{
	if (!(rights & RMP_R))
		return 0;
	return host_of(r, gpa_page(g)) | PTE_P | PTE_U | PTE_A | PTE_D |
	       (rights & RMP_W ? PTE_W : 0) | (rights & (RMP_XU | RMP_XS) ? 0 : PTE_NX);
}

/* A translation that gives less than it did has to leave every TLB; one that gives more may be
 * found out by a fault. */
static bool lost_right(uint64_t before, uint64_t after)
{
	if (!(before & PTE_P))
		return false;
	return !(after & PTE_P) || (before & ~after & PTE_W) || (~before & after & PTE_NX);
}

/* The tables' words for n entries of one 2 MiB that are to give the same rights. */
static bool set_entries(uint64_t *pte, gpa_t g, unsigned n, uint8_t rights)
{
	struct row row = {0};
	bool reduced = false;

	for (unsigned i = 0; i < n; i++) {
		uint64_t entry = make_pte(&row, gpa_add(g, i * PAGE_SIZE), rights);

		reduced |= lost_right(pte[i], entry);
		WRITE_ONCE(pte[i], entry);
	}
	return reduced;
}

/* A tree is looked up once, not once a page: of a 2M entry that is most of the work. */
bool npt_sync(gpa_t g, unsigned n)
{
	bool reduced = false;

	for (int i = 0; i < VMPL_COUNT * 2; i++) {
		uint8_t vmpl = (uint8_t)(i / 2);
		bool is_private = i & 1;
		uint64_t *pt = leaf_table(vmpl, is_private, g, false, NULL);

		if (pt)
			reduced |= set_entries(&pt[gpa_pfn(g) & 511], g, n,
					       guard_rights(g, vmpl, is_private));
	}
	return reduced;
}

/* All 512 entries at once: a fault costs more than they do. */
bool npt_fill(uint8_t vmpl, bool is_private, gpa_t g)
{
	gpa_t base = gpa(ALIGN_DOWN(g.v, SIZE_2M));
	bool made = false;
	uint64_t *pt = leaf_table(vmpl, is_private, g, true, &made);
	struct row row = {0};

	if (!made)
		return false;
	for (unsigned i = 0; i < PFNS_2M; i++) {
		gpa_t p = gpa_add(base, i * PAGE_SIZE);

		WRITE_ONCE(pt[i], make_pte(&row, p, guard_rights(p, vmpl, is_private)));
	}
	return true;
}

uint8_t npt_rights(uint8_t vmpl, bool is_private, gpa_t g)
{
	uint64_t *pt = leaf_table(vmpl, is_private, g, false, NULL);
	uint64_t pte = pt ? pt[gpa_pfn(g) & 511] : 0;

	if (!(pte & PTE_P))
		return 0;
	return (uint8_t)(RMP_R | (pte & PTE_W ? RMP_W : 0) | (pte & PTE_NX ? 0 : RMP_XU));
}

void npt_alias(uint8_t vmpl, bool is_private, gpa_t g, uint8_t rights)
{
	uint64_t *pt = leaf_table(vmpl, is_private, g, false, NULL);
	struct row row = {0};

	HOST_ASSERT(pt);
	WRITE_ONCE(pt[gpa_pfn(g) & 511], make_pte(&row, g, rights) | PTE_MARKED);
}
