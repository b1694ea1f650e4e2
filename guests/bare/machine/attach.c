/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* VMSAs given to a vCPU that runs another one: GHCB, SNP AP Creation. */
#include "bare/machine/region.h"
#include "bare/lib/apic.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/vmpl.h"
#include "bare/machine/vmplstub.h"
#include "abi/vmsa.h"

#define R        9
#define ICR_INIT 0xc500u /* level, assert */

/* Waits until *flag is value, for about that many seconds. */
static bool becomes(volatile uint64_t *flag, uint64_t value, unsigned seconds)
{
	struct patience p = smp_patience(seconds);

	while (*flag != value && !smp_patience_over(&p))
		cpu_relax();
	return *flag == value;
}

static bool stays(volatile uint64_t *flag, uint64_t value)
{
	uint64_t end = rdtsc() + smp_ticks(1) / 20;

	while (rdtsc() < end) {
		if (*flag != value)
			return false;
	}
	return true;
}

static volatile uint64_t started;

static void on_init(void *arg)
{
	started = (uint64_t)arg;
	for (;;)
		cpu_relax();
}

static void need_two(void)
{
	if (!smp_available())
		test_skip("needs two vCPUs");
	if (!apic_enable())
		test_skip("no x2APIC");
}

TEST(create_on_init_running, "create-on-init-running",
     "AP_CREATION on INIT for a vCPU that runs another VMSA: that one goes on until INIT",
     "ghcb:ap-creation:on-init")
{
	static uint8_t second[2][PAGE_SIZE] ALIGNED(8192); /* no VMSA at a 2M boundary */
	uint64_t vmsa = (uint64_t)second[1];

	need_two();
	smp_start();
	started = 0;
	smp_fill_vmsa((struct vmsa *)vmsa, 1, VMPL_SVSM, on_init, (void *)0x7, MEM_PAGE(R, 3));
	REQUIRE(vmpl_vmsa_create(vmsa, 0, smp_apic_id()));
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE_ON_INIT, vmsa,
				snp_features()),
		 0);
	smp_run(NULL, NULL);
	CHECK(smp_wait(10));
	CHECK_EQ(started, 0);
	CHECK(apic_write(APIC_ICR, (uint64_t)smp_apic_id() << 32 | ICR_INIT));
	CHECK(becomes(&started, 7, 10));
	test_case("the first VMSA is no longer in use");
	CHECK_EQ(rmpadjust(smp_vmsa(), RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK(vmpl_vmsa_delete(vmsa));
	apic_disable();
}

/* A VMSA's owner counts on its SEV_FEATURES: one that the machine lacks is not ignored. */
TEST(unknown_features, "vmsa-unknown-features",
     "AP_CREATION refuses SEV_FEATURES that the machine does not offer",
     "apm:vmrun:features ghcb:ap-creation:refuse")
{
	static const uint64_t unknown[] = {
		SEV_FEAT_RESTRICTED_INJ | SEV_FEAT_ALTERNATE_INJ, /* one of them: 15.36.16 */
		SEV_FEAT_VMPL_SSS,
		BIT(20),
		BIT(63),       /* not modelled */
		SEV_FEAT_VTOM, /* with VIRTUAL_TOM 0, which is no address */
	};
	struct vmsa *v = (struct vmsa *)smp_vmsa();

	if (!smp_available())
		test_skip("needs two vCPUs");
	started = 0;
	for (unsigned i = 0; i < ARRAY_LEN(unknown); i++) {
		test_case("0x%llx", (unsigned long long)unknown[i]);
		smp_fill_vmsa(v, 1, VMPL_SVSM, on_init, (void *)0x1, MEM_PAGE(R, 3));
		v->sev_features |= unknown[i];
		REQUIRE(vmpl_vmsa_create(smp_vmsa(), 0, smp_apic_id()));
		CHECK_NE(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE, smp_vmsa(),
					v->sev_features),
			 0);
		CHECK(vmpl_vmsa_delete(smp_vmsa()));
	}
	CHECK_EQ(started, 0);
}

static volatile uint64_t busy, woken, go;

/* As COCONUT's request loop on a CPU that has no guest yet: it halts, and looks again. */
static void halt_then_enter(void *arg)
{
	(void)arg;
	busy = 1;
	__asm__ volatile("cli\n\thlt" : : : "memory");
	woken = 1;
	while (!go)
		cpu_relax();
	ghcb_msr(2ull << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
}

/*
 * A VMSA of VMPL2 is given to a vCPU whose VMPL0 halts. coconut-svsm/linux makes its request to the
 * vCPU, which so leaves HLT, and changes no VMPL: sev_snp_ap_creation() names the VMPL's VMSA,
 * __sev_run_vmpl_vmsa() alone enters it.
 */
TEST(created_wakes, "created-wakes",
     "a VMSA of VMPL2 given to a vCPU that halts at VMPL0 ends the HLT, and runs when VMPL0 asks",
     "ghcb:ap-creation:other-vmpl")
{
	static struct vmplstub s;

	need_two();
	apic_disable();
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 8));
	s = (struct vmplstub){.op = VMPLSTUB_COUNT};
	smp_start();
	busy = woken = go = 0;
	smp_run(halt_then_enter, NULL);
	CHECK(becomes(&busy, 1, 10));
	CHECK(stays(&woken, 0));
	smp_fill_vmsa((struct vmsa *)MEM_PAGE(R, 1), 1, 2, vmplstub_entry, &s, MEM_PAGE(R, 4));
	for (unsigned i = 2; i < 9; i++)
		REQUIRE_EQ(rmpadjust(MEM_PAGE(R, i), RMP_PG_4K, RMPADJUST_ATTR(2, RMP_RWX)), 0);
	REQUIRE(region_image_rights(2, RMP_RWX));
	REQUIRE_EQ(rmpadjust(MEM_PAGE(R, 1), RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), 2, GHCB_AP_CREATE, MEM_PAGE(R, 1), snp_features()),
		 0);
	CHECK(becomes(&woken, 1, 10));
	CHECK(stays(&s.runs, 0));
	go = 1;
	CHECK(becomes(&s.runs, 1, 10));
	CHECK(smp_wait(10));
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), 2, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(rmpadjust(MEM_PAGE(R, 1), RMP_PG_4K, RMPADJUST_ATTR(1, 0)), 0);
	CHECK(region_image_rights(2, 0));
	CHECK(region_reset(R));
}
