/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What each RMP instruction does to one entry: APM vol. 2, 15.36.3 to 15.36.11. Pure functions, so
 * that the tables of tests/native/test_rmp.c hold for the machine as it runs.
 */
#include "machine/snp/rmp/rmp_rules.h"

static struct rmp_result done(enum snp_insn_result code)
{
	return (struct rmp_result){.event = RMP_DONE, .code = code};
}

static struct rmp_result event(enum rmp_event ev)
{
	return (struct rmp_result){.event = ev};
}

/* The order of the checks every guest instruction shares; RMP_DONE with SNP_SUCCESS to go on. */
static struct rmp_result check_page(const struct rmp_entry *e, int size)
{
	if (!(e->state & RMP_GUEST) || !(e->state & RMP_ASSIGNED))
		return event(RMP_EXIT);
	if (size == RMP_PG_2M && !(e->state & RMP_HUGE))
		return done(SNP_FAIL_SIZEMISMATCH);
	if (size == RMP_PG_4K && (e->state & RMP_HUGE))
		return event(RMP_SMASH);
	return done(SNP_SUCCESS);
}

static bool stopped(struct rmp_result r)
{
	return r.event != RMP_DONE || r.code != SNP_SUCCESS;
}

struct rmp_result rmp_rule_pvalidate(struct rmp_entry *e, int size, bool validate)
{
	struct rmp_result r = check_page(e, size);

	if (stopped(r))
		return r;
	if (e->state & RMP_INUSE)
		return event(RMP_IN_USE);
	r.carry = validate == !!(e->state & RMP_VALIDATED);
	if (r.carry)
		return r;
	e->state ^= RMP_VALIDATED;
	r.changed = true;
	return r;
}

/* The SVSM's barrier (svsm/platform/vcpu.h) gives a VMSA the rights that it has: then no table
 * needs to be brought into line. */
static bool same(const struct rmp_entry *a, const struct rmp_entry *b, unsigned target)
{
	return a->state == b->state && a->perms[target] == b->perms[target];
}

struct rmp_result rmp_rule_adjust(struct rmp_entry *e, const struct rmp_adjust *a)
{
	const struct rmp_entry before = *e;
	struct rmp_result r;

	if (a->target >= VMPL_COUNT || (a->perms & ~RMP_RWX))
		return done(SNP_FAIL_INPUT);
	if (a->target <= a->current)
		return done(SNP_FAIL_PERMISSION);
	r = check_page(e, a->size);
	if (stopped(r))
		return r;
	if (!(e->state & RMP_VALIDATED))
		return event(RMP_NOT_VALIDATED);
	if (a->perms & ~e->perms[a->current])
		return done(SNP_FAIL_PERMISSION);
	if (e->state & RMP_INUSE)
		return event(RMP_IN_USE);
	e->perms[a->target] = a->perms;
	if (a->current == 0)
		e->state = (uint8_t)((e->state & ~RMP_VMSA) | (a->vmsa ? RMP_VMSA : 0));
	r.changed = !same(&before, e, a->target);
	return r;
}

/* Nothing is changed; only the code is the rule's, the entry is the caller's to show. */
struct rmp_result rmp_rule_query(const struct rmp_entry *e, uint8_t current, uint8_t target)
{
	if (target < current || target >= VMPL_COUNT)
		return done(SNP_FAIL_PERMISSION);
	if (!(e->state & RMP_GUEST) || !(e->state & RMP_ASSIGNED))
		return event(RMP_EXIT);
	if (!(e->state & RMP_VALIDATED))
		return event(RMP_NOT_VALIDATED);
	return done(SNP_SUCCESS);
}

/* A page that changes hands loses its validation and every right but VMPL0's (15.36.5 to 15.36.7).
 */
enum snp_insn_result rmp_rule_update(struct rmp_entry *e, int size, bool assigned)
{
	uint8_t huge = size == RMP_PG_2M ? RMP_HUGE : 0;

	if (!(e->state & RMP_GUEST))
		return SNP_FAIL_INPUT;
	if (e->state & RMP_INUSE)
		return SNP_FAIL_INUSE;
	if ((e->state & RMP_ASSIGNED) && (e->state & RMP_HUGE) != huge)
		return SNP_FAIL_OVERLAP;
	e->state = (uint8_t)(RMP_GUEST | (assigned ? RMP_ASSIGNED | huge : 0));
	e->perms[0] = assigned ? RMP_RWX : 0;
	for (int i = 1; i < VMPL_COUNT; i++)
		e->perms[i] = 0;
	return SNP_SUCCESS;
}

enum rmp_access rmp_rule_access(const struct rmp_entry *e, uint8_t vmpl, bool is_private,
				uint8_t want)
{
	if (!(e->state & RMP_GUEST))
		return RMP_ACCESS_NONE;
	if (!is_private)
		return e->state & RMP_ASSIGNED ? RMP_ACCESS_PRIVATE : RMP_ACCESS_OK;
	if (!(e->state & RMP_ASSIGNED))
		return RMP_ACCESS_SHARED;
	if (!(e->state & RMP_VALIDATED))
		return RMP_ACCESS_NOT_VALIDATED;
	return want & ~e->perms[vmpl] ? RMP_ACCESS_VMPL : RMP_ACCESS_OK;
}

uint8_t rmp_rule_rights(const struct rmp_entry *e, uint8_t vmpl, bool is_private)
{
	uint8_t rights;

	if (rmp_rule_access(e, vmpl, is_private, 0) != RMP_ACCESS_OK)
		return 0;
	if (!is_private)
		return RMP_R | RMP_W; /* code fetches are private whatever the C-bit says */
	rights = e->perms[vmpl];
	if (!(rights & RMP_R))
		return 0;
	if ((rights & (RMP_XU | RMP_XS)) != (RMP_XU | RMP_XS))
		rights &= RMP_R | RMP_W;
	return rights;
}
