/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The guest's time-stamp counter under the SVSM: with and without SecureTSC, which the launch
 * decides (docs/timers.md). APM vol. 2, 15.36.18.
 */
#include "abi/secrets.h"
#include "abi/vmsa.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"
#include "lib/tsc.h"

#define ROUNDS 50

static volatile uint64_t theirs;

static void read_counter(void *arg)
{
	(void)arg;
	theirs = rdtsc();
}

TEST(tsc_vcpus, "tsc-vcpus", "the counters of two vCPUs are one: neither is behind the other",
     "keelson:tsc:one")
{
	smp_start();
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t before = rdtsc();

		smp_run(read_counter, NULL);
		REQUIRE(smp_wait(20));
		CHECK_GE(theirs, before);
		CHECK_LE(theirs, rdtsc());
	}
}

static void read_freq(void *arg)
{
	*(uint64_t *)arg = rdmsr(MSR_GUEST_TSC_FREQ);
}

/* MHz and hundred-thousandths give the rate to ten millionths, and one kHz for rounding. */
static void check_rate(uint64_t freq)
{
	uint64_t khz = tsc_rate(freq, vmpl_secrets()->tsc_factor), told = ghcb_tsc_khz();

	CHECK_GE(khz + khz / 100000 + 1, told);
	CHECK_LE(khz, told + khz / 100000 + 1);
}

TEST(secure_tsc, "secure-tsc",
     "SecureTSC, where the launch gives it to the guest: VMSA, rate, and no #VC",
     "keelson:tsc:guest keelson:tsc:one keelson:tsc:factor apm:15.36.18:freq")
{
	const struct vmsa *v = vmpl_boot_vmsa();
	bool secure = snp_features() & SEV_FEAT_SECURE_TSC;
	uint64_t freq = 0, t = rdtsc();
	struct fault f;

	test_info("secure_tsc", "%s", secure ? "yes" : "no");
	test_info("tsc_ahead", "%u", (unsigned)(t >> 40));
	CHECK_EQ(v->sev_features & SEV_FEAT_SECURE_TSC, secure ? SEV_FEAT_SECURE_TSC : 0);
	if (!secure) {
		CHECK_EQ(v->tsc_scale, 0);
		CHECK(!ghcb_rdmsr(MSR_GUEST_TSC_FREQ, &freq));
		return;
	}
	CHECK_EQ(v->tsc_scale, TSC_SCALE_ONE);
	CHECK_EQ(v->tsc_offset >> 40, t >> 40);
	trap_count[VEC_VC] = 0;
	CHECK_EQ(fault_call(&f, read_freq, &freq), FAULT_NONE);
	CHECK_EQ(trap_count[VEC_VC], 0);
	check_rate(freq);
}
