/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The page tables of a process. Everything that gives a process memory goes through here: the ELF
 * loader, the first stack, and the memory system calls. A page is writable or executable, never
 * both; a page of the image is never writable; and no page goes back to the allocator before the
 * CPU's translation of it is flushed.
 */
#include "user/space.h"
#include "base/x86.h"
#include "mm/paging.h"
#include "mm/alloc.h"
#include "lib/string.h"
#include "platform/platform.h"

/*
 * A leaf entry, APM vol. 2, 5.3. Two of the bits that the processor leaves to software:
 *   HELD   a mapping is here, even one without any right (P = 0)
 *   OWNED  the page is the space's own and goes back to the allocator; otherwise it is the image's
 */
#define HELD    BIT(9)
#define OWNED   BIT(10)

#define ENTRIES 512
#define TOP     3 /* level of the PML4; leaf entries are at level 0 */

static unsigned slot(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1);
}

static uint64_t span(unsigned level) /* bytes that an entry covers */
{
	return PAGE_SIZE << (9 * level);
}

/* The start of the next aligned block of that size after va. */
static uint64_t next(uint64_t va, uint64_t size)
{
	return ALIGN_DOWN(va, size) + size;
}

static void *page_of(uint64_t entry)
{
	return paging_va(gpa(entry & PTE_ADDR & ~platform_cbit));
}

/* Every page of a space is counted against its limit, page tables too. */
static void *take_page(struct space *s)
{
	void *p = s->pages < s->limit ? alloc_page() : NULL;

	s->pages += p != NULL;
	return p;
}

static void give_page(struct space *s, void *p)
{
	alloc_page_free(p);
	s->pages--;
}

/* The leaf entry of va, NULL when there is no page table for it. *size: the bytes around va,
 * aligned to their size, to which the answer applies: one page, or all that the missing table
 * would cover. */
static uint64_t *find_leaf(const struct space *s, uint64_t va, uint64_t *size)
{
	uint64_t *t = s->root;

	for (unsigned l = TOP; l; l--) {
		uint64_t e = t[slot(va, l)];

		if (!(e & PTE_P)) {
			*size = span(l);
			return NULL;
		}
		t = page_of(e);
	}
	*size = PAGE_SIZE;
	return &t[slot(va, 0)];
}

/* Like find_leaf(), but missing tables are made. NULL: no memory, or the limit is reached; tables
 * made so far stay until space_destroy(). */
static uint64_t *make_leaf(struct space *s, uint64_t va)
{
	uint64_t *t = s->root;

	for (unsigned l = TOP; l; l--) {
		uint64_t *e = &t[slot(va, l)];

		if (!(*e & PTE_P)) {
			void *table = take_page(s);

			if (!table)
				return NULL;
			*e = paging_pa(table).v | platform_cbit | PTE_P | PTE_W | PTE_U | PTE_A;
		}
		t = page_of(*e);
	}
	return &t[slot(va, 0)];
}

static bool valid_range(uint64_t va, uint64_t len)
{
	return IS_ALIGNED(va | len, PAGE_SIZE) && len && va >= USER_BASE && va < USER_END &&
	       len <= USER_END - va;
}

static bool valid_prot(unsigned prot)
{
	return !(prot & ~(SPACE_R | SPACE_W | SPACE_X)) &&
	       (prot & (SPACE_W | SPACE_X)) != (SPACE_W | SPACE_X);
}

/* PROT_NONE is HELD without P: nothing can be accessed, and the range counts as taken. */
static uint64_t flags_of(unsigned prot)
{
	return HELD | PTE_U | PTE_A | PTE_D | (prot ? PTE_P : 0) | (prot & SPACE_W ? PTE_W : 0) |
	       (prot & SPACE_X ? 0 : PTE_NX);
}

bool space_create(struct space *s, size_t limit)
{
	*s = (struct space){.limit = limit};
	s->root = take_page(s);
	if (s->root)
		paging_share(s->root);
	return s->root;
}

/* Frees what a table refers to, then the table. The upper half of a PML4 is the kernel's and
 * stays. */
static void destroy_table(struct space *s, uint64_t *t, unsigned level)
{
	for (unsigned i = 0; i < (level == TOP ? ENTRIES / 2 : ENTRIES); i++) {
		if (!level && t[i] & OWNED)
			give_page(s, page_of(t[i]));
		else if (level && t[i] & PTE_P)
			destroy_table(s, page_of(t[i]), level - 1);
	}
	give_page(s, t);
}

void space_destroy(struct space *s)
{
	if (s->root)
		destroy_table(s, s->root, TOP);
	s->root = NULL;
}

/* Maps one page: of the image, or a new one when image is NULL. False: no memory. */
static bool map_page(struct space *s, uint64_t va, const void *image, uint64_t flags)
{
	uint64_t *e = make_leaf(s, va);
	const void *page = image;

	if (!e)
		return false;
	if (!image) {
		page = take_page(s);
		flags |= OWNED;
	}
	if (!page)
		return false;
	*e = paging_pa(page).v | platform_cbit | flags;
	return true;
}

/* All pages of the range, or none: a range that fails half way is unmapped again. */
static bool map(struct space *s, uint64_t va, const char *image, uint64_t len, unsigned prot)
{
	if (!valid_range(va, len) || !valid_prot(prot) || !space_free(s, va, len))
		return false;
	for (uint64_t at = 0; at < len; at += PAGE_SIZE)
		if (!map_page(s, va + at, image ? image + at : NULL, flags_of(prot))) {
			space_unmap(s, va, len);
			return false;
		}
	return true;
}

bool space_map(struct space *s, uint64_t va, uint64_t len, unsigned prot)
{
	/* a huge length fails here, before it has taken all of the memory */
	return len / PAGE_SIZE <= s->limit - s->pages && map(s, va, NULL, len, prot);
}

bool space_map_image(struct space *s, uint64_t va, const void *page, uint64_t len, unsigned prot)
{
	return IS_ALIGNED((uint64_t)page, PAGE_SIZE) && !(prot & SPACE_W) &&
	       map(s, va, page, len, prot);
}

/* Each page is flushed before it goes back to the allocator: another process could get it
 * at once. */
void space_unmap(struct space *s, uint64_t va, uint64_t len)
{
	uint64_t size;

	if (!valid_range(va, len))
		return;
	for (uint64_t at = va; at < va + len; at = next(at, size)) {
		uint64_t *e = find_leaf(s, at, &size), old;

		if (!e || !*e)
			continue;
		old = *e;
		*e = 0;
		space_flush(at, PAGE_SIZE); /* before the page can be anybody else's */
		if (old & OWNED)
			give_page(s, page_of(old));
	}
}

/* True when every page of the range is mapped and, for write access, is the space's own. */
static bool can_protect(const struct space *s, uint64_t va, uint64_t len, unsigned prot)
{
	uint64_t need = HELD | (prot & SPACE_W ? OWNED : 0);
	uint64_t size;

	for (uint64_t at = va; at < va + len; at = next(at, size)) {
		const uint64_t *e = find_leaf(s, at, &size);

		if (!e || (*e & need) != need)
			return false;
	}
	return true;
}

/* Checked as a whole before anything changes, so a refusal leaves the range as it was. */
bool space_protect(struct space *s, uint64_t va, uint64_t len, unsigned prot)
{
	uint64_t size;

	if (!valid_range(va, len) || !valid_prot(prot) || !can_protect(s, va, len, prot))
		return false;
	for (uint64_t at = va; at < va + len; at = next(at, size)) {
		uint64_t *e = find_leaf(s, at, &size);

		*e = (*e & (PTE_ADDR | OWNED)) | flags_of(prot);
	}
	space_flush(va, len);
	return true;
}

bool space_free(const struct space *s, uint64_t va, uint64_t len)
{
	uint64_t size;

	if (!valid_range(va, len))
		return false;
	for (uint64_t at = va; at < va + len; at = next(at, size)) {
		const uint64_t *e = find_leaf(s, at, &size);

		if (e && *e)
			return false;
	}
	return true;
}

/*
 * Searches downwards from `high`. `start` moves down block by block; [start, high) is free, where
 * high is the end of the free range found so far. A page that is taken moves `high` below it.
 * Where a table is missing, all that it would cover is free and is passed in one step, so the
 * entries of the tables that exist bound the search.
 */
uint64_t space_find(const struct space *s, uint64_t low, uint64_t high, uint64_t len)
{
	uint64_t start = high, size;

	while (start > low && high - low >= len) {
		const uint64_t *e = find_leaf(s, start - PAGE_SIZE, &size);

		if (e && *e)
			high = start - PAGE_SIZE; /* taken: the free range can only end below it */
		start = MAX(ALIGN_DOWN(start - PAGE_SIZE, size), low);
		if (high - start >= len)
			return high - len;
	}
	return 0;
}

/* Through the kernel's own mapping of each page, so the rights in the space do not matter. */
bool space_write(struct space *s, uint64_t va, const void *from, size_t len)
{
	const char *src = from;
	uint64_t size;

	if (va < USER_BASE || va > USER_END || len > USER_END - va)
		return false;
	while (len) {
		size_t n = MIN(len, PAGE_SIZE - (va & PAGE_MASK));
		const uint64_t *e = find_leaf(s, va, &size);

		if (!e || !(*e & OWNED))
			return false;
		memcpy((char *)page_of(*e) + (va & PAGE_MASK), src, n);
		va += n;
		src += n;
		len -= n;
	}
	return true;
}
