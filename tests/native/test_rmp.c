/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The rules of the RMP, as tables: every state of an entry, every instruction
 * (docs/specification.md, "The processor").
 *
 * sources: launch/machine/snp/rmp/rmp_rules.c
 */
#include <string.h>
#include "tests/native/check.h"
#include "machine/snp/rmp/rmp_rules.h"

#define G RMP_GUEST
#define A (RMP_GUEST | RMP_ASSIGNED)
#define V (A | RMP_VALIDATED)
#define S (V | RMP_VMSA)
#define U (S | RMP_INUSE)
#define H RMP_HUGE
#define K RMP_KEPT

static struct rmp_entry entry(unsigned state)
{
	return (struct rmp_entry){.state = (uint8_t)state, .perms = {RMP_RWX, 0, RMP_R, 0}};
}

/* ---- PVALIDATE: APM vol. 3 ---- */

static const struct {
	const char *name;
	unsigned state;
	int size;
	bool validate;
	enum rmp_event event;
	enum snp_insn_result code;
	bool carry;
	unsigned after;
} pvalidates[] = {
	{"4K, validate", A, RMP_PG_4K, true, RMP_DONE, SNP_SUCCESS, false, V},
	{"4K, validate again", V, RMP_PG_4K, true, RMP_DONE, SNP_SUCCESS, true, V},
	{"4K, rescind", V, RMP_PG_4K, false, RMP_DONE, SNP_SUCCESS, false, A},
	{"4K, rescind again", A, RMP_PG_4K, false, RMP_DONE, SNP_SUCCESS, true, A},
	{"2M, validate", A | H, RMP_PG_2M, true, RMP_DONE, SNP_SUCCESS, false, V | H},
	{"2M, validate again", V | H, RMP_PG_2M, true, RMP_DONE, SNP_SUCCESS, true, V | H},
	{"2M, rescind", V | H, RMP_PG_2M, false, RMP_DONE, SNP_SUCCESS, false, A | H},
	{"2M on 4K entries", A, RMP_PG_2M, true, RMP_DONE, SNP_FAIL_SIZEMISMATCH, false, A},
	{"4K in a 2M entry", A | H, RMP_PG_4K, true, RMP_SMASH, SNP_SUCCESS, false, A | H},
	{"a shared page", G, RMP_PG_4K, true, RMP_EXIT, SNP_SUCCESS, false, G},
	{"no RAM of the guest's", 0, RMP_PG_4K, true, RMP_EXIT, SNP_SUCCESS, false, 0},
	{"the monitor's own VMSA page", V & ~G, RMP_PG_4K, false, RMP_EXIT, SNP_SUCCESS, false,
	 V & ~G},
	{"a VMSA page at rest", S, RMP_PG_4K, false, RMP_DONE, SNP_SUCCESS, false,
	 S & ~RMP_VALIDATED},
	{"a VMSA page in use", U, RMP_PG_4K, false, RMP_IN_USE, SNP_SUCCESS, false, U},
	{"a VMSA page in use, no change", U, RMP_PG_4K, true, RMP_IN_USE, SNP_SUCCESS, false, U},
};

TEST(pvalidate_table)
{
	for (unsigned i = 0; i < ARRAY_LEN(pvalidates); i++) {
		struct rmp_entry e = entry(pvalidates[i].state);
		struct rmp_result r =
			rmp_rule_pvalidate(&e, pvalidates[i].size, pvalidates[i].validate);

		check_context("%s", pvalidates[i].name);
		CHECK_EQ(r.event, pvalidates[i].event);
		CHECK_EQ(r.code, pvalidates[i].code);
		CHECK_EQ(r.carry, pvalidates[i].carry);
		CHECK_EQ(e.state, pvalidates[i].after);
		CHECK_EQ(r.changed, pvalidates[i].state != pvalidates[i].after);
		CHECK_EQ(e.perms[2], RMP_R);
	}
}

/* ---- RMPADJUST: APM vol. 3 ---- */

static const struct {
	const char *name;
	unsigned state;
	struct rmp_adjust a;
	enum rmp_event event;
	enum snp_insn_result code;
	unsigned after;
} adjusts[] = {
	{"VMPL0 gives VMPL1 everything",
	 V,
	 {0, 1, RMP_RWX, false, RMP_PG_4K},
	 RMP_DONE,
	 SNP_SUCCESS,
	 V},
	{"VMPL0 on itself", V, {0, 0, RMP_R, false, RMP_PG_4K}, RMP_DONE, SNP_FAIL_PERMISSION, V},
	{"VMPL2 on VMPL1", V, {2, 1, RMP_R, false, RMP_PG_4K}, RMP_DONE, SNP_FAIL_PERMISSION, V},
	{"VMPL2 on VMPL2", V, {2, 2, 0, false, RMP_PG_4K}, RMP_DONE, SNP_FAIL_PERMISSION, V},
	{"VMPL2 gives VMPL3 what it has",
	 V,
	 {2, 3, RMP_R, false, RMP_PG_4K},
	 RMP_DONE,
	 SNP_SUCCESS,
	 V},
	{"VMPL2 gives VMPL3 more",
	 V,
	 {2, 3, RMP_R | RMP_W, false, RMP_PG_4K},
	 RMP_DONE,
	 SNP_FAIL_PERMISSION,
	 V},
	{"VMPL4 does not exist", V, {0, 4, 0, false, RMP_PG_4K}, RMP_DONE, SNP_FAIL_INPUT, V},
	{"a permission bit that does not exist",
	 V,
	 {0, 1, 0x10, false, RMP_PG_4K},
	 RMP_DONE,
	 SNP_FAIL_INPUT,
	 V},
	{"VMPL0 makes a VMSA page", V, {0, 1, 0, true, RMP_PG_4K}, RMP_DONE, SNP_SUCCESS, S},
	{"VMPL0 takes it back", S, {0, 1, 0, false, RMP_PG_4K}, RMP_DONE, SNP_SUCCESS, V},
	{"VMPL2's VMSA bit is ignored",
	 V,
	 {2, 3, RMP_R, true, RMP_PG_4K},
	 RMP_DONE,
	 SNP_SUCCESS,
	 V},
	{"VMPL2 does not clear it either",
	 S,
	 {2, 3, RMP_R, false, RMP_PG_4K},
	 RMP_DONE,
	 SNP_SUCCESS,
	 S},
	{"a VMSA page stays one", S, {0, 2, RMP_R, true, RMP_PG_4K}, RMP_DONE, SNP_SUCCESS, S},
	{"a VMSA page in use", U, {0, 1, 0, false, RMP_PG_4K}, RMP_IN_USE, SNP_SUCCESS, U},
	{"a VMSA page in use, no change",
	 U,
	 {0, 2, RMP_R, true, RMP_PG_4K},
	 RMP_IN_USE,
	 SNP_SUCCESS,
	 U},
	{"not validated", A, {0, 1, RMP_R, false, RMP_PG_4K}, RMP_NOT_VALIDATED, SNP_SUCCESS, A},
	{"shared", G, {0, 1, RMP_R, false, RMP_PG_4K}, RMP_EXIT, SNP_SUCCESS, G},
	{"2M on a 2M entry", V | H, {0, 1, RMP_R, false, RMP_PG_2M}, RMP_DONE, SNP_SUCCESS, V | H},
	{"2M on 4K entries",
	 V,
	 {0, 1, RMP_R, false, RMP_PG_2M},
	 RMP_DONE,
	 SNP_FAIL_SIZEMISMATCH,
	 V},
	{"4K in a 2M entry", V | H, {0, 1, RMP_R, false, RMP_PG_4K}, RMP_SMASH, SNP_SUCCESS, V | H},
};

TEST(rmpadjust_table)
{
	for (unsigned i = 0; i < ARRAY_LEN(adjusts); i++) {
		struct rmp_entry e = entry(adjusts[i].state), before = e;
		struct rmp_result r = rmp_rule_adjust(&e, &adjusts[i].a);
		bool done = r.event == RMP_DONE && r.code == SNP_SUCCESS;

		check_context("%s", adjusts[i].name);
		CHECK_EQ(r.event, adjusts[i].event);
		CHECK_EQ(r.code, adjusts[i].code);
		CHECK_EQ(e.state, adjusts[i].after);
		CHECK_EQ(r.changed, done && memcmp(&e, &before, sizeof(e)) != 0);
		if (done)
			CHECK_EQ(e.perms[adjusts[i].a.target], adjusts[i].a.perms);
		CHECK_EQ(e.perms[0], RMP_RWX);
	}
}

TEST(rmpquery_rules)
{
	struct rmp_entry e = entry(V);

	for (uint8_t current = 0; current < VMPL_COUNT; current++)
		for (uint8_t target = 0; target <= VMPL_COUNT; target++) {
			check_context("VMPL%u asks about VMPL%u", current, target);
			CHECK_EQ(rmp_rule_query(&e, current, target).code,
				 target < current || target == VMPL_COUNT ? SNP_FAIL_PERMISSION
									  : SNP_SUCCESS);
		}
	e.state = A;
	CHECK_EQ(rmp_rule_query(&e, 0, 1).event, RMP_NOT_VALIDATED);
	e.state = G;
	CHECK_EQ(rmp_rule_query(&e, 0, 1).event, RMP_EXIT);
}

/* ---- RMPUPDATE: APM vol. 2, 15.36.5 to 15.36.7 ---- */

static const struct {
	const char *name;
	unsigned state;
	int size;
	bool assigned;
	enum snp_insn_result code;
	unsigned after;
} updates[] = {
	{"shared to private", G, RMP_PG_4K, true, SNP_SUCCESS, A},
	{"shared to private, 2M", G, RMP_PG_2M, true, SNP_SUCCESS, A | H},
	{"private to shared", V, RMP_PG_4K, false, SNP_SUCCESS, G},
	{"private to shared, 2M", V | H, RMP_PG_2M, false, SNP_SUCCESS, G},
	{"private again: validation is lost", V, RMP_PG_4K, true, SNP_SUCCESS, A},
	{"kept until it changes, to shared", V | K, RMP_PG_4K, false, SNP_SUCCESS, G},
	{"kept until it changes, private", V | K, RMP_PG_4K, true, SNP_SUCCESS, A},
	{"a VMSA page at rest loses the attribute", S, RMP_PG_4K, false, SNP_SUCCESS, G},
	{"a VMSA page in use", U, RMP_PG_4K, false, SNP_FAIL_INUSE, U},
	{"4K in a 2M entry", V | H, RMP_PG_4K, false, SNP_FAIL_OVERLAP, V | H},
	{"2M over 4K entries", V, RMP_PG_2M, false, SNP_FAIL_OVERLAP, V},
	{"not the guest's", 0, RMP_PG_4K, false, SNP_FAIL_INPUT, 0},
};

TEST(rmpupdate_table)
{
	for (unsigned i = 0; i < ARRAY_LEN(updates); i++) {
		struct rmp_entry e = entry(updates[i].state);

		check_context("%s", updates[i].name);
		CHECK_EQ(rmp_rule_update(&e, updates[i].size, updates[i].assigned),
			 updates[i].code);
		CHECK_EQ(e.state, updates[i].after);
		if (updates[i].code != SNP_SUCCESS)
			continue;
		CHECK_EQ(e.perms[0], updates[i].assigned ? RMP_RWX : 0);
		CHECK_EQ(e.perms[1] | e.perms[2] | e.perms[3], 0);
	}
}

/* ---- accesses: APM vol. 2, 15.36.10, tables 15-36 and 15-39 ---- */

static const struct {
	const char *name;
	unsigned state;
	uint8_t vmpl;
	bool is_private;
	uint8_t want;
	enum rmp_access result;
	uint8_t rights; /* of the nested table */
} accesses[] = {
	{"VMPL0, private", V, 0, true, RMP_RWX, RMP_ACCESS_OK, RMP_RWX},
	{"VMPL2 reads", V, 2, true, RMP_R, RMP_ACCESS_OK, RMP_R},
	{"VMPL2 writes", V, 2, true, RMP_R | RMP_W, RMP_ACCESS_VMPL, RMP_R},
	{"VMPL1 has nothing", V, 1, true, RMP_R, RMP_ACCESS_VMPL, 0},
	{"not validated", A, 0, true, RMP_R, RMP_ACCESS_NOT_VALIDATED, 0},
	{"private to shared", G, 0, true, RMP_R, RMP_ACCESS_SHARED, 0},
	{"shared", G, 0, false, RMP_R | RMP_W, RMP_ACCESS_OK, RMP_R | RMP_W},
	{"shared to private", V, 0, false, RMP_R, RMP_ACCESS_PRIVATE, 0},
	{"shared to unvalidated", A, 0, false, RMP_R, RMP_ACCESS_PRIVATE, 0},
	{"no RAM, private", 0, 0, true, RMP_R, RMP_ACCESS_NONE, 0},
	{"no RAM, shared", 0, 0, false, RMP_R, RMP_ACCESS_NONE, 0},
};

TEST(access_table)
{
	for (unsigned i = 0; i < ARRAY_LEN(accesses); i++) {
		struct rmp_entry e = entry(accesses[i].state);

		check_context("%s", accesses[i].name);
		CHECK_EQ(rmp_rule_access(&e, accesses[i].vmpl, accesses[i].is_private,
					 accesses[i].want),
			 accesses[i].result);
		CHECK_EQ(rmp_rule_rights(&e, accesses[i].vmpl, accesses[i].is_private),
			 accesses[i].rights);
	}
}

/* The nested table never gives what the entry does not. */
TEST(rights_never_exceed_the_entry)
{
	for (unsigned state = 0; state < 64; state++)
		for (unsigned perms = 0; perms <= RMP_RWX; perms++)
			for (unsigned is_private = 0; is_private < 2; is_private++) {
				struct rmp_entry e = {.state = (uint8_t)state,
						      .perms = {0, 0, (uint8_t)perms, 0}};
				uint8_t rights = rmp_rule_rights(&e, 2, is_private);

				check_context("state %x permissions %x %s", state, perms,
					      is_private ? "private" : "shared");
				if (is_private)
					CHECK_EQ(rights & ~perms, 0);
				if (rights)
					CHECK_EQ(rmp_rule_access(&e, 2, is_private, rights),
						 RMP_ACCESS_OK);
				if (!(state & RMP_GUEST) || !!(state & RMP_ASSIGNED) != is_private)
					CHECK_EQ(rights, 0);
			}
}
