/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The RMP: a page of 512 entries for each 2 MiB in which there is memory, and the instructions that
 * change them. What an instruction does to one entry is in rmp_rules.c; here are the lock, the 512
 * entries of a large page, and what follows for nested tables and TLBs.
 */
#include "machine/snp/rmp/rmp.h"
#include "machine/cpu/npt.h"
#include "machine/cpu/tlb.h"
#include "machine/host/mem/direct.h"
#include "machine/host/mem/gpa_map.h"
#include "machine/host/mem/kept.h"
#include "machine/host/mem/pool.h"
#include "machine/host_assert.h"
#include "machine/hostile/hostile.h"
#include "machine/iommu/dma.h"
#include "lib/string.h"

#define LOCKS 64u /* 2 MiB regions share them by address, modulo LOCKS */

static struct spinlock locks[LOCKS];
static uint64_t changes;

static struct rmp_entry **regions; /* by 2 MiB; NULL where there is no memory */
static uint64_t region_count;
static const struct rmp_entry nowhere;

/* NULL where there is no memory in the 2 MiB around. An entry's neighbours of these 2 MiB lie
 * beside it. */
static struct rmp_entry *entry_at(gpa_t g)
{
	uint64_t region = g.v / SIZE_2M;

	if (region >= region_count || !regions[region])
		return NULL;
	return &regions[region][gpa_pfn(g) % PFNS_2M];
}

static void add_extent(const struct gpa_extent *e)
{
	for (uint64_t at = e->base; at < e->base + e->size; at += PAGE_SIZE) {
		struct rmp_entry **r = &regions[at / SIZE_2M];

		if (!*r)
			*r = host_pages_alloc(PFNS_2M * sizeof(**r) / PAGE_SIZE);
		(*r)[at / PAGE_SIZE % PFNS_2M].state = e->guest ? RMP_GUEST : 0;
	}
}

void rmp_init(void)
{
	const struct gpa_extent *e;
	unsigned n = gpa_map_extents(&e);

	region_count = ALIGN_UP(gpa_map_end(), SIZE_2M) / SIZE_2M;
	regions = host_pages_alloc(
		(unsigned)(ALIGN_UP(region_count * sizeof(*regions), PAGE_SIZE) / PAGE_SIZE));
	for (unsigned i = 0; i < n; i++)
		add_extent(&e[i]);
}

static struct spinlock *lock_of(gpa_t g)
{
	return &locks[g.v / SIZE_2M % LOCKS];
}

void rmp_lock(gpa_t g)
{
	spin_lock(lock_of(g));
}

void rmp_unlock(gpa_t g)
{
	spin_unlock(lock_of(g));
}

const struct rmp_entry *rmp_entry(gpa_t g)
{
	const struct rmp_entry *e = entry_at(g);

	return e ? e : &nowhere;
}

/* ---- changes; the region's lock held ---- */

static bool is_shared(const struct rmp_entry *e)
{
	return (e->state & (RMP_GUEST | RMP_ASSIGNED)) == RMP_GUEST;
}

/* Write e into the n entries from g on, all alike in who owns them, bring nested tables and what
 * devices reach into line, flush if any lost a right, and let the writes end that were checked by
 * the old ones. */
static void commit(gpa_t g, unsigned n, struct rmp_entry e)
{
	struct rmp_entry *at = entry_at(g);
	bool was_shared = is_shared(at);

	__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n; i++)
		at[i] = e;
	if (is_shared(&e) != was_shared)
		dma_sync(g, n, !was_shared);
	if (npt_sync(g, n))
		tlb_flush_others();
	tlb_wait_writes();
}

/* How many entries an operation of that size is about. */
static unsigned span(int size)
{
	return size == RMP_PG_2M ? PFNS_2M : 1;
}

/* PSMASH: the same rights in 512 entries of 4K, so no table changes and nothing is flushed. */
static void smash(gpa_t g)
{
	struct rmp_entry *e = entry_at(gpa(ALIGN_DOWN(g.v, SIZE_2M)));

	for (unsigned i = 0; i < PFNS_2M; i++)
		e[i].state &= (uint8_t)~RMP_HUGE;
}

/* An operation on what is no memory meets no entry: an RMP fault. One of 2M that is there in part
 * meets entries of 4K. */
static bool in_table(gpa_t g)
{
	return entry_at(g);
}

/* The entry as an instruction of this size meets it: 2M are in use when any 4K of them is. */
static struct rmp_entry meet(gpa_t g, int size, const struct rmp_entry **held)
{
	const struct rmp_entry *at = entry_at(g);
	struct rmp_entry e = *at;

	for (unsigned i = 0; (e.state & RMP_VMSA) && i < span(size); i++) {
		*held = &at[i];
		if ((*held)->state & RMP_INUSE) {
			e.state |= RMP_INUSE;
			break;
		}
	}
	return e;
}

struct rmp_result rmp_pvalidate(gpa_t g, int size, bool validate)
{
	struct rmp_result r = {.event = RMP_EXIT};
	const struct rmp_entry *held = NULL;
	struct rmp_entry e;

	if (!in_table(g))
		return r;
	rmp_lock(g);
	do {
		e = meet(g, size, &held);
		r = rmp_rule_pvalidate(&e, size, validate);
		if (r.event == RMP_SMASH)
			smash(g);
	} while (r.event == RMP_SMASH);
	if (r.changed && validate)
		hostile_validated(g, span(size));
	if (r.changed)
		commit(g, span(size), e);
	rmp_unlock(g);
	r.held = held;
	return r;
}

struct rmp_result rmp_adjust(gpa_t g, const struct rmp_adjust *a)
{
	struct rmp_result r = {.event = RMP_EXIT};
	const struct rmp_entry *held = NULL;
	struct rmp_entry e;

	if (!in_table(g))
		return r;
	rmp_lock(g);
	do {
		e = meet(g, a->size, &held);
		r = rmp_rule_adjust(&e, a);
		if (r.event == RMP_SMASH)
			smash(g);
	} while (r.event == RMP_SMASH);
	if (r.changed)
		commit(g, span(a->size), e);
	rmp_unlock(g);
	r.held = held;
	return r;
}

/* A copy, so that what is answered belongs together. */
struct rmp_result rmp_query(gpa_t g, uint8_t current, uint8_t target, struct rmp_entry *out)
{
	rmp_lock(g);
	*out = *rmp_entry(g);
	rmp_unlock(g);
	return rmp_rule_query(out, current, target);
}

/* For 2M: all 512 entries must be alike, or they overlap with entries of 4K. */
static bool uniform(gpa_t g)
{
	const struct rmp_entry *e = entry_at(g);
	uint8_t same = RMP_GUEST | RMP_ASSIGNED | RMP_HUGE | RMP_KEPT;

	for (unsigned i = 1; i < PFNS_2M; i++)
		if ((e[i].state & same) != (e[0].state & same) || (e[i].state & RMP_INUSE))
			return false;
	return true;
}

/*
 * Private memory is encrypted: what becomes shared must not show what was in it. With KVM the
 * shared page is another one, empty at first; so is this. No access may be left before. Where QEMU
 * has loaded the private page from the shared one, that still holds the file (RMP_KEPT).
 */
static void empty(gpa_t g, unsigned n, struct rmp_entry e)
{
	if (!(e.state & RMP_ASSIGNED))
		return;
	if (e.state & RMP_VALIDATED) {
		e.state &= (uint8_t)~RMP_VALIDATED;
		commit(g, n, e);
	}
	if (e.state & RMP_KEPT)
		kept_restore(g, n);
	else
		memset(guest_ptr(g), 0, n * PAGE_SIZE);
}

/* Nothing is changed unless the code is SNP_SUCCESS. */
enum snp_insn_result rmp_update(gpa_t g, int size, bool assigned)
{
	enum snp_insn_result code;
	struct rmp_entry e;

	if (!IS_ALIGNED(g.v, size == RMP_PG_2M ? SIZE_2M : PAGE_SIZE) || !in_table(g))
		return SNP_FAIL_INPUT;
	rmp_lock(g);
	e = *entry_at(g);
	code = size == RMP_PG_2M && !uniform(g) ? SNP_FAIL_OVERLAP
						: rmp_rule_update(&e, size, assigned);
	if (code == SNP_SUCCESS && !assigned)
		empty(g, span(size), *entry_at(g));
	if (code == SNP_SUCCESS)
		commit(g, span(size), e);
	rmp_unlock(g);
	return code;
}

/* A hint of the guest may name any page, so what is no large entry is refused and does no harm. */
enum snp_insn_result rmp_psmash(gpa_t g)
{
	enum snp_insn_result code = SNP_FAIL_INPUT;

	if (!IS_ALIGNED(g.v, SIZE_2M) || !in_table(g))
		return code;
	rmp_lock(g);
	if (entry_at(g)->state & RMP_HUGE) {
		smash(g);
		code = SNP_SUCCESS;
	}
	rmp_unlock(g);
	return code;
}

/* ---- questions ---- */

uint64_t rmp_changes(void)
{
	return __atomic_load_n(&changes, __ATOMIC_RELAXED);
}

enum rmp_access rmp_access_check(gpa_t g, uint8_t vmpl, bool is_private, uint8_t want)
{
	return rmp_rule_access(rmp_entry(g), vmpl, is_private, want);
}

bool rmp_is_shared(gpa_t g, uint64_t len)
{
	uint64_t last = g.v + len - 1;

	if (len == 0 || last < g.v)
		return false;
	for (uint64_t p = g.v >> PAGE_SHIFT; p <= last >> PAGE_SHIFT; p++)
		if (!is_shared(rmp_entry(gpa(p << PAGE_SHIFT))))
			return false;
	return true;
}

bool rmp_is_vmsa(gpa_t g)
{
	return (rmp_entry(g)->state & (RMP_VALIDATED | RMP_VMSA | RMP_INUSE)) ==
	       (RMP_VALIDATED | RMP_VMSA);
}

bool rmp_vmsa_lock(gpa_t g, uint8_t holder)
{
	bool ok;

	if (!IS_ALIGNED(g.v, PAGE_SIZE))
		return false;
	rmp_lock(g);
	ok = rmp_is_vmsa(g);
	if (ok) {
		entry_at(g)->holder = holder;
		entry_at(g)->state |= RMP_INUSE;
	}
	rmp_unlock(g);
	return ok;
}

void rmp_vmsa_unlock(gpa_t g)
{
	struct rmp_entry *e = entry_at(g);

	rmp_lock(g);
	WRITE_ONCE(e->state, e->state & (uint8_t)~RMP_INUSE);
	rmp_unlock(g);
}

/* ---- launch ---- */

void rmp_launch_page(gpa_t g, const uint8_t perms[VMPL_COUNT], bool vmsa)
{
	struct rmp_entry *e = entry_at(g);

	HOST_ASSERT(e);
	rmp_lock(g);
	if (e->state & RMP_HUGE)
		smash(g);
	e->state = (uint8_t)((e->state & RMP_GUEST) | RMP_ASSIGNED | RMP_VALIDATED |
			     (vmsa ? RMP_VMSA : 0));
	for (int i = 0; i < VMPL_COUNT; i++)
		e->perms[i] = perms[i] & RMP_RWX;
	e->perms[0] = RMP_RWX;
	rmp_unlock(g);
}

bool rmp_launch_large(gpa_t g, const uint8_t perms[VMPL_COUNT])
{
	struct rmp_entry *e = entry_at(g);
	bool ok;

	HOST_ASSERT(e && IS_ALIGNED(g.v, SIZE_2M));
	rmp_lock(g);
	ok = e->state & RMP_HUGE;
	for (unsigned i = 0; ok && i < PFNS_2M; i++) {
		e[i].state |= RMP_ASSIGNED | RMP_VALIDATED;
		for (int vmpl = 0; vmpl < VMPL_COUNT; vmpl++)
			e[i].perms[vmpl] = perms[vmpl] & RMP_RWX;
		e[i].perms[0] = RMP_RWX;
	}
	rmp_unlock(g);
	return ok;
}

void rmp_launch_keep(gpa_t g, uint64_t len)
{
	for (uint64_t end = g.v + len; g.v < end; g = gpa_add(g, PAGE_SIZE)) {
		HOST_ASSERT(entry_at(g));
		entry_at(g)->state |= RMP_KEPT;
	}
}

static bool all_guest(const struct rmp_entry *e)
{
	for (unsigned i = 0; i < PFNS_2M; i++)
		if (!(e[i].state & RMP_GUEST))
			return false;
	return true;
}

static void launch_region(struct rmp_entry *e)
{
	uint8_t huge = all_guest(e) ? RMP_HUGE : 0;

	for (unsigned i = 0; i < PFNS_2M; i++) {
		if (!(e[i].state & RMP_GUEST))
			continue;
		e[i].state |= RMP_ASSIGNED | huge;
		e[i].perms[0] = RMP_RWX;
	}
}

/* CPU 0, before any guest runs: no lock, no tables to bring into line. */
void rmp_launch_ram(void)
{
	for (uint64_t i = 0; i < region_count; i++)
		if (regions[i])
			launch_region(regions[i]);
}
