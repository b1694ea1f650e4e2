/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Who owns each page of RAM: one byte per page, its page state. The RMP cannot tell the SVSM
 * whether a page was validated before, and for whom. That is decided here, so that a second
 * validation, or a guest's claim to a page of the SVSM's, is refused before any instruction runs.
 *
 *             validate                 register as CAA
 *   INVALID ------------> VALID  ------------------------>  CAA
 *      ^                  |  ^ ^  <------------------------
 *      |     rescind      |  | |   last VMSA using it goes
 *      +------------------+  | |
 *      |                     | +-- delete vCPU --- VMSA <--- create vCPU --- VALID
 *      |                     |
 *      |                     +---- withdraw ---- DEPOSITED <--- deposit ---- VALID
 *      |
 *   NOT_RAM, SVSM: never change once the guest runs (SVSM is set at boot)
 *   any guest state -> BROKEN: the hardware would not undo half a change; out of use for ever
 *
 * Locks: one for each 2 MiB region (hashed). An operation on a 4K or 2M page lies in one region.
 * Order: lib/lock.h; of two regions the one with the lower lock index first, as pagestate_lock2()
 * does.
 */
#include "base/addr.h"
#include "lib/spinlock.h"
#include "mm/memmap.h"

enum page_state {
	PAGE_NOT_RAM = 0, /* outside the memory map */
	PAGE_SVSM,        /* belongs to the SVSM */
	PAGE_INVALID,     /* the guest's; shared with the host or not validated yet */
	PAGE_VALID,       /* the guest's; validated, its VMPL has all rights */
	PAGE_CAA,         /* VALID, and the calling area of one vCPU: pinned */
	PAGE_VMSA,        /* a VMSA of the guest, which may read it */
	PAGE_DEPOSITED,   /* given to the SVSM by DEPOSIT_MEM */
	PAGE_BROKEN,      /* out of use for ever */
};

#define PAGESTATE_MAX_RANGES MEMMAP_MAX_RANGES

/*
 * Add `bytes` of RAM at base (both page aligned, above all earlier ranges) to the map.
 * `states` is memory for bytes / 4096 states, kept for ever. All pages start INVALID. Boot only,
 * no locks. False when there are too many ranges, or they are not ascending.
 */
bool pagestate_add(gpa_t base, uint64_t bytes, uint8_t *states);
/* Set the state of all pages of a range, except those that are not RAM. Boot only, no locks. */
void pagestate_mark(gpa_t base, uint64_t bytes, enum page_state state);
/* Forget everything: unit tests. */
void pagestate_reset(void);

/*
 * Regions held: what a function takes that writes the state of a page in them, so that nobody
 * writes one without the lock. Returned by value, given back once.
 */
struct pages_locked {
	struct spinlock *first;
	struct spinlock *second; /* NULL when both pages share a lock */
};

struct pages_locked pagestate_lock(gpa_t a);
struct pages_locked pagestate_lock2(gpa_t a, gpa_t b);
void pagestate_unlock(struct pages_locked held);

/* State of a page; the region is locked by the caller, or the answer is only a hint. */
enum page_state pagestate_get(gpa_t page);
/* The page lies in a region held (else panic); no effect on NOT_RAM pages. */
void pagestate_set(struct pages_locked held, gpa_t page, enum page_state state);

/* The 512 pages from a 2 MiB aligned base: true when all are in `state`. Region locked. */
bool pagestate_all_2m(gpa_t base, enum page_state state);
void pagestate_set_2m(struct pages_locked held, gpa_t base, enum page_state state);

/*
 * May a VMPL between the SVSM's and the guest's have rights to any of the pages? Only the SVSM
 * gives rights to such a one: RMPADJUST reaches VMPLs below the one that executes it, and the
 * guest's is the first that runs (APM vol. 2, 15.36.7). What the launch gives is measured, and is
 * none. False until it is set; a page's state does not change it. At most 2 MiB of a region,
 * locked.
 */
bool pagestate_above(gpa_t base, uint64_t bytes);
void pagestate_set_above(struct pages_locked held, gpa_t base, uint64_t bytes, bool above);

/* The first page in `state` at or after `from`, in address order; GPA_NONE at the end. No locks:
 * the caller locks the page's region and looks again. Bounded by the amount of RAM. */
gpa_t pagestate_find(gpa_t from, enum page_state state);
