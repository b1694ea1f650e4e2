/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The SVSM's heap: a buddy allocator for whole pages, and free lists of small blocks on top.
 * Everyone in the kernel allocates here; the sizes come from the SVSM itself, never from a guest
 * unchecked. It must not call anything that logs or allocates, and a wrong free is a panic: the
 * heap could not be trusted any more.
 */
#include "mm/alloc.h"
#include "lib/lock.h"
#include "base/assert.h"
#include "lib/string.h"

/*
 * One byte of state per page, for the first page of a block:
 *   FREE | order   head of a free block, linked in heap.list[order] through its first bytes
 *   USED | order   head of a block handed out
 *   0              any other page
 * Every free and every merge checks it, so a double or misplaced free of pages is found at once.
 */
#define FREE 0x40
#define USED 0x80

struct block {
	struct block *next, *prev;
};

static struct {
	struct spinlock lock;
	uintptr_t origin;  /* page 0 of `state`: 2 MiB aligned, at or below the first page */
	size_t first, end; /* pages that exist, as indexes from origin */
	uint8_t *state;
	struct block *list[ALLOC_MAX_ORDER + 1];
	size_t free, total;
} heap;

/* Small blocks: a free list per power of two. A page that was split into small blocks stays split,
 * and a small block has no state byte: a double free of one is not found. */
#define SMALL_MIN_SHIFT 4
#define SMALL_CLASSES   8
static struct block *small[SMALL_CLASSES];

static struct block *block_at(size_t index)
{
	return (struct block *)(heap.origin + index * PAGE_SIZE);
}

static size_t index_of(const void *p)
{
	return ((uintptr_t)p - heap.origin) / PAGE_SIZE;
}

static void list_add(size_t index, unsigned order)
{
	struct block *b = block_at(index);

	b->prev = NULL;
	b->next = heap.list[order];
	if (b->next)
		b->next->prev = b;
	heap.list[order] = b;
	heap.state[index] = FREE | order;
}

static void list_remove(size_t index, unsigned order)
{
	struct block *b = block_at(index);

	if (b->prev)
		b->prev->next = b->next;
	else
		heap.list[order] = b->next;
	if (b->next)
		b->next->prev = b->prev;
	heap.state[index] = 0;
}

/* Puts a block back and joins it with its buddy for as long as the buddy is free as well. The
 * buddy of a block differs from it in one bit of the index, because the origin is aligned to the
 * largest block. */
static void release(size_t index, unsigned order)
{
	heap.free += 1ul << order;
	while (order < ALLOC_MAX_ORDER) {
		size_t buddy = index ^ (1ul << order);

		if (buddy < heap.first || buddy + (1ul << order) > heap.end ||
		    heap.state[buddy] != (FREE | order))
			break;
		list_remove(buddy, order);
		index = MIN(index, buddy);
		order++;
	}
	list_add(index, order);
}

/* The state bytes take the first pages of the range itself. The rest becomes free in the largest
 * blocks that alignment and the end of the range allow. */
void alloc_init(void *base, size_t pages)
{
	uintptr_t start = (uintptr_t)base;
	size_t meta;

	ASSERT(IS_ALIGNED(start, PAGE_SIZE) && !heap.total);
	heap.origin = ALIGN_DOWN(start, SIZE_2M);
	heap.first = (start - heap.origin) / PAGE_SIZE;
	heap.end = heap.first + pages;
	heap.state = base;
	meta = ALIGN_UP(heap.end, PAGE_SIZE) / PAGE_SIZE;
	ASSERT(meta < pages);
	memset(heap.state, 0, meta * PAGE_SIZE);
	heap.first += meta;
	heap.total = pages - meta;
	for (size_t i = heap.first; i < heap.end;) {
		unsigned order = 0;

		while (order < ALLOC_MAX_ORDER && !(i & (1ul << order)) &&
		       i + (2ul << order) <= heap.end)
			order++;
		release(i, order);
		i += 1ul << order;
	}
}

/* Takes the smallest free block of at least that order and gives back the halves that are not
 * needed. SIZE_MAX: none. Lock held. */
static size_t take(unsigned order)
{
	unsigned have = order;
	size_t index;

	while (have <= ALLOC_MAX_ORDER && !heap.list[have])
		have++;
	if (have > ALLOC_MAX_ORDER)
		return SIZE_MAX;
	index = index_of(heap.list[have]);
	list_remove(index, have);
	while (have > order) {
		have--;
		list_add(index + (1ul << have), have);
	}
	heap.state[index] = USED | order;
	heap.free -= 1ul << order;
	return index;
}

/* Zeroed after the lock is given back: clearing 2 MiB under it would hold up every other CPU. */
void *alloc_pages(unsigned order)
{
	size_t index;

	if (order > ALLOC_MAX_ORDER)
		return NULL;
	lock_take(LOCK_ALLOC, &heap.lock);
	index = take(order);
	lock_give(LOCK_ALLOC, &heap.lock);
	if (index == SIZE_MAX)
		return NULL;
	return memset(block_at(index), 0, PAGE_SIZE << order);
}

/* Wiped before the lock is taken, for the same reason: until then the block is still the caller's,
 * and what was in it may have been a secret. */
void alloc_pages_free(void *p, unsigned order)
{
	size_t index = index_of(p);

	ASSERT(IS_ALIGNED((uintptr_t)p, PAGE_SIZE) && index >= heap.first && index < heap.end &&
	       heap.state[index] == (USED | order));
	memset(p, 0, PAGE_SIZE << order);
	lock_take(LOCK_ALLOC, &heap.lock);
	ASSERT(heap.state[index] == (USED | order));
	heap.state[index] = 0;
	release(index, order);
	lock_give(LOCK_ALLOC, &heap.lock);
}

static unsigned small_class(size_t size)
{
	unsigned c = 0;

	while ((1ul << (c + SMALL_MIN_SHIFT)) < size)
		c++;
	return c;
}

static unsigned page_order(size_t size)
{
	unsigned order = 0;

	while (order <= ALLOC_MAX_ORDER && (PAGE_SIZE << order) < size)
		order++;
	return order;
}

/* Splits one more page into blocks of class c. Lock held. False: no memory. */
static bool small_refill(unsigned c)
{
	size_t size = 1ul << (c + SMALL_MIN_SHIFT);
	size_t index = take(0);
	char *page;

	if (index == SIZE_MAX)
		return false;
	page = (char *)block_at(index);
	for (size_t at = 0; at < PAGE_SIZE; at += size) {
		struct block *b = (struct block *)(page + at);

		b->next = small[c];
		small[c] = b;
	}
	return true;
}

void *alloc(size_t size)
{
	struct block *b = NULL;
	unsigned c;

	if (size > ALLOC_SMALL_MAX)
		return alloc_pages(page_order(size));
	c = small_class(size);
	lock_take(LOCK_ALLOC, &heap.lock);
	if (small[c] || small_refill(c)) {
		b = small[c];
		small[c] = b->next;
	}
	lock_give(LOCK_ALLOC, &heap.lock);
	return b ? memset(b, 0, 1ul << (c + SMALL_MIN_SHIFT)) : NULL;
}

void alloc_free(void *p, size_t size)
{
	struct block *b = p;
	unsigned c;

	if (!p)
		return;
	if (size > ALLOC_SMALL_MAX) {
		alloc_pages_free(p, page_order(size));
		return;
	}
	c = small_class(size);
	memset(b, 0, 1ul << (c + SMALL_MIN_SHIFT));
	lock_take(LOCK_ALLOC, &heap.lock);
	b->next = small[c];
	small[c] = b;
	lock_give(LOCK_ALLOC, &heap.lock);
}

size_t alloc_free_pages(void)
{
	return heap.free;
}

size_t alloc_total_pages(void)
{
	return heap.total;
}
