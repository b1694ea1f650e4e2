/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Debug swap, SEV_FEATURES[5]: the debug registers are the VMSA's, DR7 is accessed without asking,
 * and DR0 to DR3 are saved with the rest: APM vol. 2, 15.35.4 and table B-4. vCPU 1 runs a VMSA of
 * VMPL0 that has it.
 */
#include "abi/vmsa.h"
#include "base/x86.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/percpu.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl.h"

#define DR7_GLOBAL0 0x402ull /* a breakpoint at DR0, on execution */
#define NOWHERE     0x123456789000ull

static uint8_t stack[0x4000] ALIGNED(16);
static volatile uint64_t done, dr7;

static void owner(void *arg)
{
	uint64_t v;

	(void)arg;
	ghcb_cpu_init();
	__asm__ volatile("mov %0, %%dr0" : : "r"(NOWHERE));
	__asm__ volatile("mov %0, %%dr3" : : "r"(NOWHERE + 3));
	__asm__ volatile("mov %0, %%dr7" : : "r"(DR7_GLOBAL0));
	__asm__ volatile("mov %%dr7, %0" : "=r"(v));
	dr7 = v;
	done = 1;
	for (;;)
		cpu_relax();
}

TEST(debug_swap, "debug-swap", "debug swap: DR7 without #VC, and DR0 to DR3 in the VMSA",
     "apm:vmsa:debug-swap")
{
	uint64_t features = snp_features() | SEV_FEAT_DEBUG_SWAP;
	volatile struct vmsa *v = (struct vmsa *)smp_vmsa();

	if (!smp_available())
		test_skip("needs two vCPUs");
	CHECK(ghcb_msr_cpuid(0x8000001f, 0) >> 14 & 1);
	done = dr7 = 0;
	trap_count[VEC_VC] = 0;
	percpu_area[1] = (struct percpu){.index = 1, .apic_id = smp_apic_id()};
	ghcb_page(1);
	smp_fill_vmsa((struct vmsa *)v, 1, VMPL_SVSM, owner, NULL, (uint64_t)stack + sizeof(stack));
	v->sev_features = features;
	REQUIRE(vmpl_vmsa_create(smp_vmsa(), 0, smp_apic_id()));
	REQUIRE_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_CREATE, smp_vmsa(), features),
		   0);
	for (struct patience p = smp_patience(10); !done && !smp_patience_over(&p);)
		cpu_relax();
	CHECK_EQ(done, 1);
	CHECK_EQ(dr7, DR7_GLOBAL0);
	CHECK_EQ(trap_count[VEC_VC], 0);
	CHECK_EQ(ghcb_ap_create(smp_apic_id(), VMPL_SVSM, GHCB_AP_DESTROY, 0, 0), 0);
	CHECK_EQ(v->dr7, DR7_GLOBAL0);
	CHECK_EQ(v->dr[0], NOWHERE);
	CHECK_EQ(v->dr[3], NOWHERE + 3);
	CHECK(vmpl_vmsa_delete(smp_vmsa()));
}
