/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's page tables (mm/layout.h draws the address space). Built once at boot; afterwards
 * only single pages of SVSM data memory change. APM vol. 2, chapter 5 and 15.34.5 (C-bit).
 */
#include "base/addr.h"
#include "base/x86.h"
#include "mm/layout.h"

/* Build the final tables from the image's sections and the memory map, and switch this CPU to them.
 * Needs the allocator and the memory map. Panics when memory does not suffice. */
void paging_init(void);

/* The kernel's value of CR3, C-bit included. */
uint64_t paging_root(void);

/* Copy the kernel's half into a process's PML4. Once is enough: its entries never change at that
 * level. */
void paging_share(uint64_t *user_root);

/* CR0 of every CPU: x87 and SSE at once (no EM, no TS), caches on. */
#define PAGING_CR0 (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)

/* Set CR0 and CR4 on this CPU, each as a whole. CR4: SMEP, SMAP, UMIP where CPUID has them, PGE,
 * MCE, and what ring 3 needs for x87 and SSE. Needs platform->cpuid. */
void paging_protect(void);
uint64_t paging_cr4(void);

enum paging_kind {
	PAGING_GUARD,   /* not mapped */
	PAGING_PRIVATE, /* data, C-bit set */
	PAGING_SHARED,  /* data, shared with the hypervisor */
};

/* Change the mapping of one page of SVSM memory outside the image's text and rodata. Flushed on
 * this CPU only, so no other CPU may have used the page. LOCK_PAGING is taken inside. */
void paging_set(void *page, enum paging_kind kind);

/* The leaf entry that maps va in the tables in use; 0 when va is not mapped. *size (size may be
 * NULL): bytes that the entry maps. */
uint64_t paging_lookup(uint64_t va, uint64_t *size);

static inline void *paging_guest_va(gpa_t g)
{
	return (void *)(GUEST_MAP_BASE + g.v);
}

/* Where the launch has put the SVSM: the guest physical address of KERNEL_BASE. Set by
 * boot/early.c, before anything translates. */
extern uint64_t paging_kernel_phys;

/* SVSM memory only. */
static inline void *paging_va(gpa_t g)
{
	return (void *)(g.v - paging_kernel_phys + KERNEL_BASE);
}

static inline gpa_t paging_pa(const void *p)
{
	return gpa((uint64_t)p - KERNEL_BASE + paging_kernel_phys);
}
