/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Nested page tables: a cache of the RMP, one tree per VMPL, filled lazily 2 MiB at a time with 4K
 * entries. An entry is a pure function of the RMP entry (npt_sync keeps it so), except for marked
 * ones: see npt_alias.
 *
 *   root for CR0.PG=1 with PAE:  [0] shared pages (C=0)   [256] private pages (C=1, bit 47)
 *   root for all other modes:    [0] private pages: every access is private there (15.34.4)
 *   root with virtual TOM:       [0] private pages below it, shared ones from there on (15.36.8)
 *
 * Of the same 2 MiB only one CPU at a time is in npt_sync, npt_fill or npt_alias: the callers hold
 * the lock of that region (snp/rmp/rmp.h). Regions may be worked on at once.
 */
#include "base/addr.h"

#define NPT_CBIT BIT(47)

void npt_init(void);
hpa_t npt_root(uint8_t vmpl, bool paged);
/*
 * Virtual TOM: a root for all modes in which the address alone says what is private. vtom: a
 * multiple of 2 MiB. There is one for each VMPL: false when it has another vtom already.
 */
bool npt_vtom(uint8_t vmpl, uint64_t vtom);
hpa_t npt_vtom_root(uint8_t vmpl);
/* That root leads to the table of the 2 MiB around g, which npt_fill() has made. */
void npt_vtom_link(uint8_t vmpl, bool is_private, gpa_t g);
/* The RMP entries of n pages within one 2 MiB changed, and are all alike now. True when some tree
 * lost a right, so that TLBs must be flushed. */
bool npt_sync(gpa_t g, unsigned n);
/* Make the table for the 2 MiB around g, if it is not there. True when it was missing. */
bool npt_fill(uint8_t vmpl, bool is_private, gpa_t g);
/* The rights the entry gives now: RMP_R | RMP_W | RMP_XU (for execute), 0 when absent. */
uint8_t npt_rights(uint8_t vmpl, bool is_private, gpa_t g);
/* Give the page at this alias these rights until its RMP entry changes. Hardware makes page walks
 * and fetches private whatever the C-bit says; a processor that does not know of C-bits needs the
 * private page at its shared address for them (docs/fidelity.md). */
void npt_alias(uint8_t vmpl, bool is_private, gpa_t g, uint8_t rights);
