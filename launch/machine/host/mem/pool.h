/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The monitor's pages: runs of any length. Any CPU; a lock of its own, taken last. */
#include "base/types.h"

/* Zeroed, physically contiguous; never NULL: out of memory is a fault. */
void *host_pages_alloc(unsigned count);
void *host_pages_try(unsigned count); /* the same, NULL when there are none */
void host_pages_free(void *p, unsigned count);

/* Pages [base, base + size), size a multiple of the page size, are the pool's; a bitmap lies at the
 * start. Twice at most, before the other CPUs run; what was added first is handed out first. */
void pool_add(uint64_t base, uint64_t size);
void pool_reset(void); /* an empty pool: unit tests */
uint64_t pool_free_pages(void);
