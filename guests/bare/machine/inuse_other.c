/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A VMSA that one vCPU runs on, given to another: VMRUN refuses a page that is in use (APM vol. 2,
 * 15.36.12), and the hypervisor says so at once or at the next RUN_VMPL. Firmware that mixed up
 * whose VMSA is whose ended so: tianocore/edk2, pull request 10873.
 */
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/machine/vmplstub.h"

#define R     12
#define LOWER 2

static volatile uint64_t spins, result;
static volatile bool leave;

/* Comes back by itself where nobody else lets it: on the vCPU that must not be here. */
static void lower(void *arg)
{
	struct patience p = smp_patience(60);

	(void)arg;
	while (!leave && !smp_patience_over(&p))
		spins++;
	ghcb_msr(GHCB_MSR_RUN_VMPL_REQ); /* VMPL0 */
	for (;;)
		cpu_relax();
}

static void upper(void *arg)
{
	(void)arg;
	result = ghcb_run_vmpl(LOWER);
}

static bool spins_on(void)
{
	uint64_t before = spins;
	struct patience p = smp_patience(10);

	while (spins == before && !smp_patience_over(&p))
		cpu_relax();
	return spins != before;
}

TEST(of_another, "edk2-10873-vmsa-of-another",
     "a VMSA that one vCPU runs on is refused to another, and the first one runs on",
     "apm:15.36.12:in-use")
{
	uint64_t features = snp_features(), vmsa = VMPLSTUB_VMSA(R);

	spins = 0;
	result = 1;
	leave = false;
	smp_start();
	vmplstub_prepare(R, LOWER, 1, lower, NULL, features);
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), LOWER, GHCB_AP_CREATE, vmsa, features), 0);
	smp_run(upper, NULL);
	for (unsigned i = 0; i < 20; i++) {
		REQUIRE(spins_on());
		if (ghcb_ap_create(percpu()->apic_id, LOWER, GHCB_AP_CREATE, vmsa, features) == 0)
			CHECK_NE(ghcb_run_vmpl(LOWER), 0);
		ghcb_ap_create(percpu()->apic_id, LOWER, GHCB_AP_DESTROY, 0, 0);
	}
	REQUIRE(spins_on());
	leave = true;
	CHECK(smp_wait(10));
	CHECK_EQ(result, 0);
	smp_stop();
	vmplstub_remove_from(R, LOWER, smp_apic_id());
}
