/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The monitor's own page tables: four levels, the largest page that fits, all of it U=0. CPU 0
 * makes them, before the others start. */
#include "base/types.h"

uint64_t paging_create(void); /* an empty root; returns its PA */
void paging_map(uint64_t root, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
/* The same in the tables in use, for all CPUs: what was not mapped needs no flush. */
void paging_add(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags);
/* The entry of a 4K page in the tables in use, made as one that is not present. CPU 0. */
uint64_t *paging_entry(uint64_t va);
void paging_identity(bool on); /* the low 2 MiB at VA 0, for the trampoline */
/* Walk the current tables; false when va is not mapped. */
bool paging_lookup(uint64_t va, uint64_t *pa);
/* Map a stack of that many pages above a guard page; returns its top. va is advanced past it. */
uint64_t paging_stack(uint64_t *va, unsigned pages);
