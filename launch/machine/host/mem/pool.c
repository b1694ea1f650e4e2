/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The monitor's pages: one bitmap, next fit, runs of any length. */
#include "machine/host/mem/pool.h"
#include "machine/host/mem/direct.h"
#include "machine/host_assert.h"
#include "base/spinlock.h"
#include "lib/string.h"

static struct {
	struct spinlock lock;
	uint64_t base; /* PA */
	uint64_t pages;
	uint64_t used;
	uint64_t hint; /* where to look first */
	uint8_t *map;  /* bit set: taken */
} pool;

static bool taken(uint64_t i)
{
	return pool.map[i / 8] & 1u << i % 8;
}

static void mark(uint64_t first, uint64_t n, bool used)
{
	for (uint64_t i = first; i < first + n; i++) {
		if (used)
			pool.map[i / 8] |= (uint8_t)(1u << i % 8);
		else
			pool.map[i / 8] &= (uint8_t) ~(1u << i % 8);
	}
}

/* First run of n free pages that starts in [from, to); to when there is none. */
static uint64_t search(uint64_t from, uint64_t to, uint64_t n)
{
	uint64_t run = 0, i;

	for (i = from; i < pool.pages && i - run < to; i++) {
		run = taken(i) ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return to;
}

/* The bitmap's own pages are taken from the start. */
void pool_init(uint64_t base, uint64_t size)
{
	uint64_t bytes;

	pool.base = base;
	pool.pages = size / PAGE_SIZE;
	pool.map = host_ptr(hpa(base));
	bytes = (pool.pages + 7) / 8;
	memset(pool.map, 0, bytes);
	pool.used = ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
	pool.hint = pool.used;
	mark(0, pool.used, true);
}

uint64_t pool_free_pages(void)
{
	return pool.pages - READ_ONCE(pool.used);
}

/* Next fit: what was given back is found when the end is reached. Pages are zeroed outside the
 * lock. */
void *host_pages_try(unsigned count)
{
	uint64_t at;
	void *p;

	if (!count)
		return NULL;
	spin_lock(&pool.lock);
	at = search(pool.hint, pool.pages, count);
	if (at == pool.pages) {
		at = search(0, pool.hint, count);
		if (at == pool.hint) {
			spin_unlock(&pool.lock);
			return NULL;
		}
	}
	mark(at, count, true);
	pool.used += count;
	pool.hint = at + count;
	spin_unlock(&pool.lock);
	p = host_ptr(hpa(pool.base + at * PAGE_SIZE));
	memset(p, 0, count * PAGE_SIZE);
	return p;
}

void *host_pages_alloc(unsigned count)
{
	void *p = host_pages_try(count);

	if (!p)
		host_fault("out of memory: %u pages asked, %llu free", count,
			   (unsigned long long)pool_free_pages());
	return p;
}

/* Pages that were not taken, or are not the pool's, are a fault of the monitor. */
void host_pages_free(void *p, unsigned count)
{
	uint64_t at = (host_pa(p).v - pool.base) / PAGE_SIZE;

	HOST_ASSERT(at < pool.pages && count <= pool.pages - at && taken(at));
	spin_lock(&pool.lock);
	mark(at, count, false);
	pool.used -= count;
	if (at < pool.hint)
		pool.hint = at;
	spin_unlock(&pool.lock);
}
