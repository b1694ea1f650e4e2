/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Pages of SVSM memory: a buddy allocator over the part of the SVSM's range that the image does not
 * take, and small blocks on top. Everything handed out is zeroed, private and validated; everything
 * given back is wiped at once, so that nothing outlives its use. Portable.
 * Lock: LOCK_ALLOC (lib/lock.h), taken inside.
 */
#include "base/addr.h"

#define ALLOC_MAX_ORDER 9 /* 2 MiB */

/* Take `pages` pages from base as free memory; the bookkeeping lies in the first of them. Call
 * once. */
void alloc_init(void *base, size_t pages);

void *alloc_pages(unsigned order); /* 1 << order pages, aligned to that size; NULL: none */
void alloc_pages_free(void *p, unsigned order);
static inline void *alloc_page(void)
{
	return alloc_pages(0);
}
static inline void alloc_page_free(void *p)
{
	alloc_pages_free(p, 0);
}

/* Small blocks, 16-byte aligned, up to ALLOC_SMALL_MAX bytes; larger sizes take whole pages.
 * alloc_free() needs the size that alloc() was given: blocks carry no headers. */
#define ALLOC_SMALL_MAX 2048
void *alloc(size_t size);
void alloc_free(void *p, size_t size);

size_t alloc_free_pages(void);  /* pages free now */
size_t alloc_total_pages(void); /* pages given to alloc_init, without the bookkeeping */
