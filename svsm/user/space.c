/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "user/space.h"
#include "base/x86.h"
#include "mm/paging.h"
#include "mm/alloc.h"
#include "lib/string.h"
#include "platform/platform.h"

/*
 * A leaf entry, APM vol. 2, 5.3; the bits that the processor leaves to software:
 *   HELD   there is a mapping, be it without any right (P = 0)
 *   OWNED  the page is the space's and goes back to the allocator; else it is the image's
 */
#define HELD    BIT(9)
#define OWNED   BIT(10)

#define ENTRIES 512
#define TOP     3 /* level of the PML4; leaves are level 0 */

static unsigned slot(uint64_t va, unsigned level)
{
	return va >> (PAGE_SHIFT + 9 * level) & (ENTRIES - 1);
}

static uint64_t span(unsigned level) /* bytes that an entry covers */
{
	return PAGE_SIZE << (9 * level);
}

static uint64_t next(uint64_t va, uint64_t size)
{
	return ALIGN_DOWN(va, size) + size;
}

static void *page_of(uint64_t entry)
{
	return paging_va(gpa(entry & PTE_ADDR & ~platform_cbit));
}

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

/* The leaf entry of va; NULL when there is no table for it. *size: of the aligned block around va
 * that shares its fate. */
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

/* One page more; image NULL: a new one. False: no memory. */
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
	/* so that a huge length fails before it has taken everything */
	return len / PAGE_SIZE <= s->limit - s->pages && map(s, va, NULL, len, prot);
}

bool space_map_image(struct space *s, uint64_t va, const void *page, uint64_t len, unsigned prot)
{
	return IS_ALIGNED((uint64_t)page, PAGE_SIZE) && !(prot & SPACE_W) &&
	       map(s, va, page, len, prot);
}

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

/* Every page there, and with W every page the space's own. */
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

uint64_t space_find(const struct space *s, uint64_t low, uint64_t high, uint64_t len)
{
	uint64_t start = high, size;

	while (start > low && high - low >= len) {
		const uint64_t *e = find_leaf(s, start - PAGE_SIZE, &size);

		if (e && *e)
			high = start - PAGE_SIZE; /* taken: what is free ends below it */
		start = MAX(ALIGN_DOWN(start - PAGE_SIZE, size), low);
		if (high - start >= len)
			return high - len;
	}
	return 0;
}

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
