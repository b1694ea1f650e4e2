/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the machine's own work costs, for `make bench`. No time is judged here: only that the work
 * was done. */
#include "bare/lib/ghcb.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/machine/region.h"

#define R          11
#define BATCHES    40
#define EXITS      500
#define RMP_ROUNDS 200

static void report(const char *key, uint64_t ticks, unsigned rounds)
{
	test_info(key, "%llu", (unsigned long long)(ticks / rounds));
}

static void report_khz(void)
{
	uint32_t khz = ghcb_tsc_khz();

	CHECK_NE(khz, 0);
	test_info("tsc_khz", "%u", khz);
}

static uint64_t exits(uint64_t value)
{
	uint64_t start = rdtsc(), same = 0;

	for (unsigned i = 0; i < EXITS; i++)
		same += rdmsr(MSR_GHCB) == value;
	CHECK_EQ(same, EXITS);
	return rdtsc() - start;
}

/* An exit that stays in the VMPL and that the machine answers itself: the least that one can cost.
 * The quickest batch is the one that the host did not disturb. */
TEST(exit_cost, "cost-exit", "time of an exit: RDMSR of the GHCB MSR, 40 times 500", "keelson:cost")
{
	uint64_t best = ~0ull, value = rdmsr(MSR_GHCB);

	for (unsigned i = 0; i < BATCHES; i++)
		best = MIN(best, exits(value));
	report("exit_tsc", best, EXITS);
	report_khz();
}

/* PVALIDATE and RMPADJUST of a 2M entry: 512 entries in the nested tables of each VMPL. */
TEST(rmp_cost, "cost-rmp-2m", "time of PVALIDATE and RMPADJUST of a 2M page, 200 times each",
     "keelson:cost")
{
	uint64_t start, validate = 0, adjust = 0, done = 0;

	REQUIRE(region_reset(R));
	for (unsigned i = 0; i < RMP_ROUNDS; i++) {
		start = rdtsc();
		done += pvalidate(MEM_REGION(R), RMP_PG_2M, 1, NULL) == SNP_SUCCESS;
		validate += rdtsc() - start;
		*(volatile uint8_t *)MEM_REGION(R) = 1;
		start = rdtsc();
		done += rmpadjust(MEM_REGION(R), RMP_PG_2M, RMPADJUST_ATTR(2, RMP_RWX)) ==
			SNP_SUCCESS;
		adjust += rdtsc() - start;
		done += pvalidate(MEM_REGION(R), RMP_PG_2M, 0, NULL) == SNP_SUCCESS;
	}
	report("pvalidate_2m_tsc", validate, RMP_ROUNDS);
	report("rmpadjust_2m_tsc", adjust, RMP_ROUNDS);
	CHECK_EQ(done, 3 * RMP_ROUNDS);
	CHECK(region_reset(R));
	report_khz();
}
