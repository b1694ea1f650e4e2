/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Two vCPUs ask for the same pages at the same time. In any order each call is whole (58019, 5): a
 * change of state happens once, a page serves as one thing, and in the end all pages can be made
 * plain again.
 */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "abi/vmsa.h"

#define R       5
#define ROUNDS  3000 /* at most */
#define SECONDS 6    /* machines are slow, so a race also ends after about that long */
#define SHORT   2    /* the same where this project's SVSM is not what is looked for faults in */

/* svsm_pvalidate() has a list page for each vCPU, and asks again after BUSY. */
static uint64_t pvalidate_page(unsigned page, bool validate)
{
	return svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, page), RMP_PG_4K, validate));
}

struct side {
	uint64_t won, same, odd;
};
static struct side side[2];

/* A page that is not validated cannot be rescinded: which of two errors, 58019 leaves open
 * (pvalidate.c). */
static bool no_change(uint64_t rax, bool validate)
{
	return rax == SVSM_ERR_PVALIDATE_NO_CHANGE ||
	       (!scope_own() && !validate && rax == SVSM_ERR_INVALID_ADDRESS);
}

static void count(uint64_t rax, bool validate)
{
	struct side *s = &side[percpu_index()];

	if (rax == SVSM_SUCCESS)
		s->won++;
	else if (no_change(rax, validate))
		s->same++;
	else
		s->odd++;
}

static void both(void (*fn)(void *arg))
{
	side[0] = side[1] = (struct side){0};
	smp_start();
	smp_race(ROUNDS, scope_own() ? SECONDS : SHORT);
	smp_run(fn, NULL);
	fn(NULL);
	CHECK(smp_wait(60));
	CHECK(!smp_dead());
	test_log("%u rounds", smp_rounds());
}

static void same_page(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++)
		count(pvalidate_page(7, i & 1), i & 1);
}

TEST(race_pvalidate, "race-pvalidate", "two vCPUs rescind, then validate, the same page",
     "svsm:5:whole")
{
	both(same_page);
	CHECK_GE(smp_rounds(), 10);
	CHECK_EQ(side[0].won + side[1].won, smp_rounds());
	CHECK_EQ(side[0].same + side[1].same, smp_rounds());
	svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 7), RMP_PG_4K, true)); /* after an odd number */
	CHECK_EQ(side[0].odd + side[1].odd, 0);
	CHECK(calls_region_intact(R));
}

/* One rescinds while the other validates. Any order is right, if the counts fit the last state. */
static void opposite(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		for (unsigned k = 0; k < 16; k++)
			count(pvalidate_page(9, percpu_index()), percpu_index());
	}
}

TEST(race_opposite, "race-opposite", "one vCPU rescinds while the other validates the same page",
     "svsm:5:whole")
{
	uint64_t last;

	both(opposite);
	CHECK_EQ(side[0].odd + side[1].odd, 0);
	last = pvalidate_page(9, true);
	/* rescissions minus validations is what is left to validate */
	CHECK_EQ(side[0].won - side[1].won, last == SVSM_SUCCESS);
	if (last != SVSM_SUCCESS) /* the validating vCPU came last */
		CHECK_EQ(last, SVSM_ERR_PVALIDATE_NO_CHANGE);
	CHECK(calls_region_intact(R));
}

/* 2M against 4K of the same region. */
static void sizes(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		bool validate = i & 1;

		if (percpu_index())
			pvalidate_page(i % 512, validate);
		else
			svsm_pvalidate(SVSM_ENTRY(MEM_REGION(R), RMP_PG_2M, validate));
	}
}

TEST(race_sizes, "race-sizes", "2M and 4K requests for one region at once leave it repairable",
     "svsm:5:whole")
{
	both(sizes);
	for (unsigned i = 0; i < 512; i++) {
		uint64_t r = pvalidate_page(i, true);

		if (r != SVSM_SUCCESS && r != SVSM_ERR_PVALIDATE_NO_CHANGE) {
			CHECK_EQ(r, SVSM_SUCCESS);
			break;
		}
	}
	CHECK(calls_region_intact(R));
	CHECK(calls_region_fresh(R));
}

/* RMPADJUST at VMPL2 for VMPL3, on a page that the other vCPU rescinds and validates. */
static volatile uint64_t adjusted, refused, faulted;

static void adjust_once(void)
{
	static struct fault f;

	if (FAULT_CATCH(&f)) {
		uint32_t r = rmpadjust(MEM_PAGE(R, 11), RMP_PG_4K, RMPADJUST_ATTR(3, RMP_R));

		if (r == SNP_SUCCESS)
			adjusted++;
		else
			refused++;
		fault_release();
	}
	if (f.vector == VEC_VC && f.error == VC_PAGE_NOT_VALIDATED)
		faulted++;
	else if (f.hit)
		side[1].odd++;
}

static void adjust(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		if (percpu_index() == 0)
			count(pvalidate_page(11, i & 1), i & 1);
		for (unsigned k = 0; percpu_index() && k < 4; k++)
			adjust_once();
	}
}

TEST(race_rmpadjust, "race-rmpadjust",
     "RMPADJUST at VMPL2 on a page that comes and goes: done, refused or #VC 0x404",
     "apm:15.36.10:validated")
{
	adjusted = refused = faulted = 0;
	both(adjust);
	CHECK_EQ(side[0].won, smp_rounds());
	CHECK_EQ(side[0].odd + side[1].odd, 0);
	CHECK_EQ(adjusted + refused + faulted, smp_rounds() * 4);
	svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 11), RMP_PG_4K, true)); /* after an odd number */
	CHECK(calls_region_intact(R));
}

/*
 * Both create and delete the same VMSA page, for a third vCPU that never runs (creating one for a
 * vCPU in use would tell the SVSM that its VMSA was replaced).
 */
#define VMSA MEM_PAGE(R, 21)
#define CAA  MEM_PAGE(R, 23)

static uint64_t created[2], deleted[2], strange[2];

static uint32_t spare_vcpu(void)
{
	if (vmpl_vcpus() < 3)
		test_skip("needs three vCPUs");
	return vmpl_apic_id(2);
}

/*
 * What CREATE_VCPU may answer in these races (58019, 6.3); all else is strange:
 *   INVALID_ADDRESS    the other has made it a VMSA already, or has just rescinded page or area
 *   INVALID_PARAMETER  it was deleted, so EFER.SVME is clear (6.4), or rescinded and is zero
 */
static void vmsa_create(void)
{
	switch (svsm(CORE(CREATE_VCPU), VMSA, CAA, vmpl_apic_id(2), 0)) {
	case SVSM_SUCCESS:
		created[percpu_index()]++;
		break;
	case SVSM_ERR_INVALID_ADDRESS:
	case SVSM_ERR_INVALID_PARAMETER:
		break;
	default:
		strange[percpu_index()]++;
	}
}

/* 58019, 6.4: INVALID_PARAMETER: it is no VMSA (any more); 0x80001003: the other is deleting it. */
static uint64_t vmsa_delete(void)
{
	uint64_t r = svsm(CORE(DELETE_VCPU), VMSA, 0, 0, 0);

	switch (r) {
	case SVSM_SUCCESS:
		deleted[percpu_index()]++;
		break;
	case SVSM_ERR_INVALID_PARAMETER:
	case SVSM_ERR_DELETE_INUSE:
		break;
	default:
		strange[percpu_index()]++;
	}
	return r;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void vmsa_fill(void)
{
	smp_fill_vmsa((struct vmsa *)VMSA, 1, (uint8_t)vmpl_own, nothing, NULL, MEM_PAGE(R, 30));
}

/* Each vCPU's DELETE may have met the other one's call, and been refused. */
static void vmsa_gone(void)
{
	for (unsigned i = 0; i < 1000 && vmsa_delete() != SVSM_ERR_INVALID_PARAMETER; i++)
		cpu_relax();
}

/* A VMSA that was deleted has EFER.SVME clear: it is filled before each round. */
static void vmsa_fight(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		if (!percpu_index()) {
			vmsa_gone();
			vmsa_fill();
		}
		smp_meet();
		vmsa_create();
		vmsa_delete();
	}
}

/*
 * What else may be done to a page while it is being made a VMSA: PVALIDATE of it and its CAA. A
 * rescinded page is zeroed when it comes back, so it is filled before each round. Nobody touches it
 * in a round: between RMPADJUST and PVALIDATE an access is a nested page fault (58019, 6.2).
 */
static void vmsa_against_pvalidate(void *arg)
{
	(void)arg;
	for (unsigned i = 0; smp_round(i); i++) {
		unsigned page = i & 1 ? 21 : 23;

		if (!percpu_index())
			vmsa_fill();
		smp_meet();
		if (percpu_index()) {
			pvalidate_page(page, false);
			pvalidate_page(page, true);
		} else {
			vmsa_create();
			vmsa_delete();
		}
	}
}

static void vmsa_race(void (*fn)(void *arg))
{
	spare_vcpu();
	for (unsigned i = 0; i < 2; i++)
		created[i] = deleted[i] = strange[i] = 0;
	both(fn);
	vmsa_gone();
	CHECK_EQ(strange[0] + strange[1], 0);
	CHECK_EQ(created[0] + created[1], deleted[0] + deleted[1]);
	CHECK_NE(created[0] + created[1], 0);
	CHECK(calls_region_intact(R));
}

TEST(race_vmsa, "race-vmsa", "two vCPUs create and delete one VMSA: as many deleted as created",
     "svsm:5:whole svsm:6.3:active svsm:6.4:known")
{
	vmsa_race(vmsa_fight);
	CHECK_EQ(created[0] + created[1], smp_rounds()); /* the first that comes, and only it */
}

TEST(race_vmsa_pvalidate, "race-vmsa-pvalidate",
     "PVALIDATE of a page that is being made a VMSA or a calling area",
     "svsm:5:whole keelson:duties")
{
	vmsa_race(vmsa_against_pvalidate);
}
