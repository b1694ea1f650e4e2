/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The monitor's pages: a bitmap for each part of the pool, next fit, runs of any length. */
#include "machine/host/mem/pool.h"
#include "machine/host/mem/direct.h"
#include "machine/host_assert.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define PARTS 2 /* below 4 GiB and above */

static struct part {
	uint64_t base; /* PA */
	uint64_t pages;
	uint64_t used;
	uint64_t hint; /* where to look first */
	uint8_t *map;  /* bit set: taken */
} parts[PARTS];

static struct spinlock lock;
static unsigned part_count;

static bool taken(const struct part *p, uint64_t i)
{
	return p->map[i / 8] & 1u << i % 8;
}

static void mark(struct part *p, uint64_t first, uint64_t n, bool used)
{
	for (uint64_t i = first; i < first + n; i++) {
		if (used)
			p->map[i / 8] |= (uint8_t)(1u << i % 8);
		else
			p->map[i / 8] &= (uint8_t) ~(1u << i % 8);
	}
}

/* First run of n free pages that starts in [from, to); to when there is none. */
static uint64_t search(const struct part *p, uint64_t from, uint64_t to, uint64_t n)
{
	uint64_t run = 0, i;

	for (i = from; i < p->pages && i - run < to; i++) {
		run = taken(p, i) ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return to;
}

/* The bitmap's own pages are taken from the start. */
void pool_add(uint64_t base, uint64_t size)
{
	struct part *p = &parts[part_count];
	uint64_t bytes = (size / PAGE_SIZE + 7) / 8;

	HOST_ASSERT(part_count < PARTS);
	*p = (struct part){.base = base, .pages = size / PAGE_SIZE, .map = host_ptr(hpa(base))};
	memset(p->map, 0, bytes);
	p->used = p->hint = ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
	mark(p, 0, p->used, true);
	part_count++;
}

void pool_reset(void)
{
	part_count = 0;
}

uint64_t pool_free_pages(void)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < part_count; i++)
		pages += parts[i].pages - READ_ONCE(parts[i].used);
	return pages;
}

/* Next fit: what was given back is found when the end is reached. False when there is no such
 * run. */
static bool take(struct part *p, uint64_t count, uint64_t *at)
{
	*at = search(p, p->hint, p->pages, count);
	if (*at == p->pages) {
		*at = search(p, 0, p->hint, count);
		if (*at == p->hint)
			return false;
	}
	mark(p, *at, count, true);
	p->used += count;
	p->hint = *at + count;
	return true;
}

/* Pages are zeroed outside the lock. */
void *host_pages_try(unsigned count)
{
	void *pages = NULL;
	uint64_t at;

	if (!count)
		return NULL;
	spin_lock(&lock);
	for (unsigned i = 0; i < part_count && !pages; i++)
		if (take(&parts[i], count, &at))
			pages = host_ptr(hpa(parts[i].base + at * PAGE_SIZE));
	spin_unlock(&lock);
	return pages ? memset(pages, 0, count * PAGE_SIZE) : NULL;
}

void *host_pages_alloc(unsigned count)
{
	void *p = host_pages_try(count);

	if (!p)
		host_fault("out of memory: %u pages asked, %llu free", count,
			   (unsigned long long)pool_free_pages());
	return p;
}

static struct part *part_of(uint64_t pa)
{
	for (unsigned i = 0; i < part_count; i++)
		if (pa >= parts[i].base && pa - parts[i].base < parts[i].pages * PAGE_SIZE)
			return &parts[i];
	return NULL;
}

/* Pages that were not taken, or are not the pool's, are a fault of the monitor. */
void host_pages_free(void *pages, unsigned count)
{
	struct part *p = part_of(host_pa(pages).v);
	uint64_t at = p ? (host_pa(pages).v - p->base) / PAGE_SIZE : 0;

	HOST_ASSERT(p && count <= p->pages - at && taken(p, at));
	spin_lock(&lock);
	mark(p, at, count, false);
	p->used -= count;
	if (at < p->hint)
		p->hint = at;
	spin_unlock(&lock);
}
