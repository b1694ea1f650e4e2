/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A process's half of the address space: its own page tables below USER_END, the kernel's above.
 * No mapping is both writable and executable. Pages are the SVSM's (mm/alloc.h) or, read-only and
 * without a copy, pages of the image (a service's text). Portable but for space_enter() and
 * space_leave().
 *
 * Locks: a space belongs to its process, which runs on one CPU at a time; only LOCK_ALLOC is taken
 * inside.
 */
#include "base/addr.h"

#define USER_BASE 0x0000000000010000ull
#define USER_END  0x00007ffffffff000ull

#define SPACE_R   BIT(0)
#define SPACE_W   BIT(1)
#define SPACE_X   BIT(2) /* never together with SPACE_W */

struct space {
	uint64_t *root; /* PML4 */
	size_t pages;   /* pages taken from the allocator, page tables included */
	size_t limit;   /* the most that it may take */
};

bool space_create(struct space *s, size_t limit); /* false: no memory */
void space_destroy(struct space *s);              /* must not be loaded on any CPU */

/* [va, va + len) is page aligned and inside USER_BASE..USER_END. After false nothing is mapped
 * that was not before. */
bool space_map(struct space *s, uint64_t va, uint64_t len,
	       unsigned prot); /* new pages, zeroed; false also for an overlap */
bool space_map_image(struct space *s, uint64_t va, const void *page, uint64_t len, unsigned prot);
void space_unmap(struct space *s, uint64_t va, uint64_t len);                  /* holes are fine */
bool space_protect(struct space *s, uint64_t va, uint64_t len, unsigned prot); /* false: a hole */
bool space_free(const struct space *s, uint64_t va, uint64_t len); /* nothing mapped there */
/* The highest free range of len bytes (page aligned, not 0) in [low, high); 0: none. */
uint64_t space_find(const struct space *s, uint64_t low, uint64_t high, uint64_t len);

/* Write to mapped memory of a process that does not run yet, whatever its rights there
 * (loader). */
bool space_write(struct space *s, uint64_t va, const void *from, size_t len);

/* In user/usermode.c. A space is in CR3 of the one CPU that runs its process, and of no other.
 * What that CPU has cached of it ends with space_leave(), so a change in between has to be flushed
 * on this CPU only. */
void space_enter(const struct space *s);
void space_leave(void);
void space_flush(uint64_t va, uint64_t len); /* drop this CPU's translations of the range */

/* Copies between the loaded space and the kernel, by the fault table of mm/copy.h and with SMAP
 * lifted. False when a byte is not the process's to read or write; the copy may then be partly
 * done. */
bool user_copy_in(void *to, uint64_t va, size_t len);
bool user_copy_out(uint64_t va, const void *from, size_t len);
