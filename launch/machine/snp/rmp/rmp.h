/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The RMP of the machine: one entry for each 4K page of guest physical memory. (Hardware has them
 * by the host's address, and the guest's in the entry: since one page never has two addresses
 * here, that is the same.)
 *
 * A lock for each 2 MiB region (some regions share one) guards the entries and the nested tables
 * there together: whoever changes an entry brings the tables up to date and flushes before the lock
 * falls, so a table is never ahead of the RMP. No operation is about two regions, and nobody takes
 * two of these locks. Inside them only the pool's and the IOMMU's are taken; no CPU is in its guest
 * while it waits for one, so a holder may wait for other CPUs to flush.
 */
#include "base/addr.h"
#include "lib/spinlock.h"
#include "machine/snp/rmp/rmp_rules.h"

/* The lock of the region around g; that is, of npt_fill() and npt_alias() there. */
void rmp_lock(gpa_t g);
void rmp_unlock(gpa_t g);

void rmp_init(void);
/* The entry of a page; a page outside RAM gives an entry that is never guest RAM. */
const struct rmp_entry *rmp_entry(gpa_t g);
/* One guest instruction on the page at g (2M aligned for size RMP_PG_2M), with the RMP_SMASH case
 * already resolved as KVM resolves it (PSMASH, then the instruction again). */
struct rmp_result rmp_pvalidate(gpa_t g, int size, bool validate);
struct rmp_result rmp_adjust(gpa_t g, const struct rmp_adjust *a);
struct rmp_result rmp_query(gpa_t g, uint8_t current, uint8_t target, struct rmp_entry *out);
/* May this VMPL make this access? want: RMP_R ... Lock-free: the answer may be old at once, as on
 * hardware. */
enum rmp_access rmp_access_check(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want);
/* How often an entry has changed so far. */
uint64_t rmp_changes(void);
/* Mark a VMSA page as in use by the vCPU of that index (15.36.12), or take the mark away. False
 * when it is no VMSA page or in use. */
bool rmp_vmsa_lock(gpa_t g, uint8_t holder);
void rmp_vmsa_unlock(gpa_t g);
bool rmp_is_vmsa(gpa_t g); /* a VMSA page that is not in use */

/* ---- the hypervisor's instructions ---- */
/* RMPUPDATE: size RMP_PG_4K or RMP_PG_2M; assigned true = private (unvalidated), false = shared.
 * Flushes and kicks as needed. APM vol. 2, 15.36.5. */
enum snp_insn_result rmp_update(gpa_t g, int size, bool assigned);
enum snp_insn_result rmp_psmash(gpa_t g);
bool rmp_is_shared(gpa_t g, uint64_t len); /* the whole range is guest RAM and hypervisor-owned */

/* ---- the launch ---- */
/* What SNP_LAUNCH_UPDATE does to a page: assigned, validated, permissions of VMPL1..3 as given. */
void rmp_launch_page(gpa_t g, const uint8_t perms[VMPL_COUNT], bool vmsa);
/* The same of a 2M page (56860, 8.17: PAGE_SIZE = 1). False when the RMP entry is not one of 2M. */
bool rmp_launch_large(gpa_t g, const uint8_t perms[VMPL_COUNT]);
/* The launched pages in [g, g+len) keep their contents when they become shared for the first time:
 * QEMU's shared page still has them. */
void rmp_launch_keep(gpa_t g, uint64_t len);
/* All guest RAM assigned, not validated, 2M entries where possible. Nothing is shared behind it:
 * what the launch leaves shared takes rmp_update(), which opens it for devices too. */
void rmp_launch_ram(void);
