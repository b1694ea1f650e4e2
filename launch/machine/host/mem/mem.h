/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The monitor's inner memory interface; the rest is in host.h. */
#include "machine/host/host.h"

#define STACK_PAGES     8 /* a CPU's main stack */
#define STACK_IST_PAGES 2

/* Find RAM, choose the block, move the image into it. CPU 0, once, on the boot stack. */
void mem_init(void);
/* RAM as QEMU's etc/e820 has it, hole below 1 MiB cut out; ranges ascending. In ram.c. */
unsigned ram_find(struct host_range *r, unsigned max);

/* pool.c: pages [base, base + size), size a multiple of the page size; its bitmap lies at the
 * start. */
void pool_init(uint64_t base, uint64_t size);
uint64_t pool_free_pages(void);

/* paging.c */
uint64_t paging_create(void); /* an empty root; returns its PA */
void paging_map(uint64_t root, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
void paging_identity(bool on); /* the low 2 MiB at VA 0, for the trampoline */
/* Walk the current tables; false when va is not mapped. */
bool paging_lookup(uint64_t va, uint64_t *pa);
/* Map a stack of that many pages above a guard page; returns its top. va is advanced past it. */
uint64_t paging_stack(uint64_t *va, unsigned pages);

/* From the linker script */
extern char image_start[], image_text_end[], image_rodata_end[], image_end[];
extern char trampoline_start[], trampoline_end[];
extern uint32_t trampoline_cr3;
