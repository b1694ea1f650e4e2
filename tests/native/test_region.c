/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The size of the SVSM's region: it has a share for each CPU, and the largest machine's fits.
 *
 * sources: harness/igvm/region.c
 */
#include "abi/machine_limits.h"
#include "base/addr.h"
#include "harness/igvm/build.h"
#include "harness/igvm/region.h"
#include "mm/layout.h"
#include "tests/native/check.h"

#define MIB (1ull << 20)
/* What each CPU has taken with 17 of them, counted on native: stacks (svsm/cpu/desc.c), GHCB, VMSA,
 * log, copies of the PERCPU variables. */
#define A_CPU (37 * PAGE_SIZE)

TEST(each_cpu_gets_its_share)
{
	for (unsigned cpus = 2; cpus <= 512; cpus++) {
		uint64_t size = region_size(512, cpus);

		check_context("%u CPUs", cpus);
		CHECK_EQ(size % SIZE_2M, 0);
		CHECK(size >= region_size(512, cpus - 1));
		CHECK(size >= 12 * MIB + cpus * A_CPU);
	}
}

/* The largest machine in software: its bare images lie at a fixed address behind the region. */
TEST(the_largest_number_of_vcpus_fits)
{
	uint64_t size = region_size(REGION_MAX_MEM, MACHINE_VCPUS_MAX);

	CHECK_EQ(BUILD_SVSM_BASE, KERNEL_LINKED);
	CHECK_EQ(BUILD_SVSM_MAX, KERNEL_MAX);
	CHECK(size <= BUILD_SVSM_MAX);
	CHECK(BUILD_SVSM_BASE + BUILD_SVSM_MAX <= BUILD_BARE_BASE);
}
