/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's own page tables, all writable, executable and open to CPL 3:
 *   0 .. 4 GiB             private (C=1) identity; from 3 GiB up not private: MMIO
 *   PAGING_SHARED + pa     the same 4 GiB with C=0
 *   PAGING_WINDOW + n*4K   512 pages that a test maps as it likes
 */
#include "base/x86.h"

#define PAGING_SHARED 0x8000000000ull
#define PAGING_WINDOW 0x10000000000ull
#define PAGING_SLOTS  512

#define PAGING_RW     (PTE_P | PTE_W | PTE_A | PTE_D)

extern uint64_t paging_cbit; /* the mask, not the position */

void paging_init(unsigned cbit_position); /* builds the tables and loads CR3 */
/* Map slot to pa; flags are PTE bits (paging_cbit for private). The address. Flushed on this vCPU.
 */
uint64_t paging_map(unsigned slot, uint64_t pa, uint64_t flags);
void paging_unmap(unsigned slot);
/* Close everything to CPL 3, or open it again: with SMEP and SMAP the guest can run on pages of the
 * kernel only. Flushed on this vCPU; CR4 without PGE. */
void paging_close(bool closed);

static inline void *paging_shared(uint64_t pa)
{
	return (void *)(PAGING_SHARED + pa);
}

static inline void *paging_private(uint64_t pa)
{
	return (void *)pa;
}
