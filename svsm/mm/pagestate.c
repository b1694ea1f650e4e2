/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The page-state map: one byte per page of RAM, and the locks that order changes of it.
 * mm/guestpage.c and the protocols decide by it, boot/guest_ram.c fills it. It must be right
 * whatever the guest and the host do, because the RMP cannot tell the SVSM whether a page was
 * validated before.
 */
#include "mm/pagestate.h"
#include "base/assert.h"
#include "base/speculation.h"
#include "lib/lock.h"
#include "lib/string.h"

#define LOCKS 64u  /* 2 MiB regions share them by address, modulo LOCKS */
#define ABOVE 0x80 /* beside a page's state: pagestate_above() */

struct range {
	uint64_t pfn;
	uint64_t count;
	uint8_t *states;
};

static struct range ranges[PAGESTATE_MAX_RANGES];
static unsigned range_count;
static struct spinlock locks[LOCKS];

void pagestate_reset(void)
{
	range_count = 0;
}

static uint64_t end_of(const struct range *r)
{
	return r->pfn + r->count;
}

bool pagestate_add(gpa_t base, uint64_t bytes, uint8_t *states)
{
	struct range r = {gpa_pfn(base), bytes >> PAGE_SHIFT, states};

	if (range_count == PAGESTATE_MAX_RANGES || !r.count || r.pfn + r.count < r.pfn)
		return false;
	if (range_count && r.pfn < end_of(&ranges[range_count - 1]))
		return false;
	memset(states, PAGE_INVALID, r.count);
	ranges[range_count++] = r;
	return true;
}

/* The ranges ascend, so each step halves those in which the page can be. A host may send a map of
 * many. */
static uint8_t *find(uint64_t pfn)
{
	unsigned from = 0, to = range_count;

	while (from < to) {
		unsigned i = (from + to) / 2;
		const struct range *r = &ranges[i];

		if (pfn < r->pfn)
			to = i;
		else if (pfn >= end_of(r))
			from = i + 1;
		else
			return &r->states[speculation_index(pfn - r->pfn, r->count)];
	}
	return NULL;
}

static enum page_state state_of(uint8_t byte)
{
	return (enum page_state)(byte & ~ABOVE);
}

static void put(gpa_t page, enum page_state state)
{
	uint8_t *s = find(gpa_pfn(page));

	if (s)
		WRITE_ONCE(*s, (uint8_t)((*s & ABOVE) | state));
}

void pagestate_mark(gpa_t base, uint64_t bytes, enum page_state state)
{
	uint64_t first = gpa_pfn(base), end = gpa_pfn(gpa(base.v + bytes + PAGE_MASK));

	for (unsigned i = 0; i < range_count; i++) {
		const struct range *r = &ranges[i];
		uint64_t from = MAX(first, r->pfn), to = MIN(end, end_of(r));

		if (from < to)
			memset(&r->states[from - r->pfn], (int)state, to - from);
	}
}

/* Neighbouring regions get different locks, so that vCPUs that work side by side do not wait for
 * each other. */
static unsigned lock_index(gpa_t a)
{
	return (unsigned)(a.v / SIZE_2M) % LOCKS;
}

struct pages_locked pagestate_lock(gpa_t a)
{
	return pagestate_lock2(a, a);
}

/* The lower index first: two vCPUs that lock the same two regions the other way round cannot
 * deadlock. */
struct pages_locked pagestate_lock2(gpa_t a, gpa_t b)
{
	unsigned lo = MIN(lock_index(a), lock_index(b));
	unsigned hi = MAX(lock_index(a), lock_index(b));
	struct pages_locked held = {&locks[lo], lo == hi ? NULL : &locks[hi]};

	lock_take(LOCK_PAGESTATE, held.first);
	if (held.second)
		lock_take(LOCK_PAGESTATE_NEXT, held.second);
	return held;
}

void pagestate_unlock(struct pages_locked held)
{
	if (held.second)
		lock_give(LOCK_PAGESTATE_NEXT, held.second);
	lock_give(LOCK_PAGESTATE, held.first);
}

enum page_state pagestate_get(gpa_t page)
{
	uint8_t *s = find(gpa_pfn(page));

	return s ? state_of(READ_ONCE(*s)) : PAGE_NOT_RAM;
}

static bool covers(struct pages_locked held, gpa_t page)
{
	const struct spinlock *lock = &locks[lock_index(page)];

	return held.first == lock || held.second == lock;
}

void pagestate_set(struct pages_locked held, gpa_t page, enum page_state state)
{
	ASSERT(covers(held, page));
	put(page, state);
}

bool pagestate_all_2m(gpa_t base, enum page_state state)
{
	for (uint64_t off = 0; off < SIZE_2M; off += PAGE_SIZE) {
		if (pagestate_get(gpa_add(base, off)) != state)
			return false;
	}
	return true;
}

void pagestate_set_2m(struct pages_locked held, gpa_t base, enum page_state state)
{
	ASSERT(covers(held, base));
	for (uint64_t off = 0; off < SIZE_2M; off += PAGE_SIZE)
		put(gpa_add(base, off), state);
}

bool pagestate_above(gpa_t base, uint64_t bytes)
{
	for (uint64_t off = 0; off < bytes; off += PAGE_SIZE) {
		const uint8_t *s = find(gpa_pfn(gpa_add(base, off)));

		if (s && (READ_ONCE(*s) & ABOVE))
			return true;
	}
	return false;
}

void pagestate_set_above(struct pages_locked held, gpa_t base, uint64_t bytes, bool above)
{
	ASSERT(covers(held, base));
	for (uint64_t off = 0; off < bytes; off += PAGE_SIZE) {
		uint8_t *s = find(gpa_pfn(gpa_add(base, off)));

		if (s)
			WRITE_ONCE(*s, (uint8_t)((*s & ~ABOVE) | (above ? ABOVE : 0)));
	}
}

/* The first page of one range, at or after pfn, that is in `state`; ~0: none. */
static uint64_t find_in(const struct range *r, uint64_t pfn, enum page_state state)
{
	for (uint64_t i = pfn > r->pfn ? pfn - r->pfn : 0; i < r->count; i++) {
		if (state_of(READ_ONCE(r->states[i])) == state)
			return r->pfn + i;
	}
	return ~0ull;
}

gpa_t pagestate_find(gpa_t from, enum page_state state)
{
	for (unsigned i = 0; i < range_count; i++) {
		uint64_t pfn = find_in(&ranges[i], gpa_pfn(from), state);

		if (pfn != ~0ull)
			return gpa(pfn << PAGE_SHIFT);
	}
	return GPA_NONE;
}
