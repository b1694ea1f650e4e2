/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What AP_CREATION leaves alone: the GHCB MSR and the registration of its page belong to the vCPU,
 * not to the VMSA. KVM keeps them in the VMCB and in struct vcpu_sev_es_state; edk2, which destroys
 * and creates its APs again between two calls, counts on it.
 */
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/machine/region.h"
#include "bare/machine/vmplstub.h"
#include "abi/vmsa.h"

#define R     11
#define VMSA  MEM_PAGE(R, 1)
#define STACK MEM_PAGE(R, 4)

/* KVM's sev_es_vcpu_reset() puts SEV_INFO there, for every VMPL. No other test runs VMPL3. */
TEST(ghcb_msr_kept, "ap-ghcb-msr",
     "the GHCB MSR begins with SEV information, and a new VMSA finds what the last one left",
     "ghcb:msr:reset ghcb:ap-creation:ghcb")
{
	static struct vmplstub s;

	s = (struct vmplstub){.op = VMPLSTUB_GHCB_MSR};
	test_case_of("ghcb:msr:reset", "the first VMSA");
	vmplstub_build(R, 3, &s);
	CHECK_EQ(ghcb_run_vmpl(3), 0);
	CHECK_EQ(s.result, ghcb_msr(GHCB_MSR_SEV_INFO_REQ));
	vmplstub_remove(R, 3);
	test_case_of("ghcb:ap-creation:ghcb", "the second one");
	vmplstub_build(R, 3, &s);
	CHECK_EQ(ghcb_run_vmpl(3), 0);
	CHECK_EQ(s.result & GHCB_MSR_INFO_MASK, GHCB_MSR_RUN_VMPL_RESP);
	vmplstub_remove(R, 3);
}

static volatile uint64_t ended, refused;

/* As edk2's AP at its second start: neither registers its GHCB nor writes the MSR. */
static void second_start(void *arg)
{
	(void)arg;
	refused = ghcb_exit(ghcb_begin_again(), GHCB_EXIT_WBINVD, 0, 0);
	ended = 1;
	for (;;)
		cpu_relax();
}

TEST(ghcb_registration_kept, "ap-ghcb-registered",
     "a vCPU that is created again uses the GHCB that it registered before",
     "ghcb:ap-creation:ghcb")
{
	struct patience p = smp_patience(10);

	smp_start();
	smp_stop();
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 4));
	ended = refused = 0;
	smp_fill_vmsa((struct vmsa *)VMSA, 1, VMPL_SVSM, second_start, NULL, STACK);
	REQUIRE_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE, VMSA, snp_features()),
		   0);
	while (!ended && !smp_dead() && !smp_patience_over(&p))
		cpu_relax();
	CHECK_EQ(ended, 1);
	CHECK_EQ(refused, 0);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(VMSA, RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_reset(R));
}
