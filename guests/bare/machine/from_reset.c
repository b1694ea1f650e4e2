/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest that an SVSM starts as KVM starts a virtual machine, at the state after INIT: unmodified
 * firmware begins so, below VMPL0. The steps are edk2's: reset.S.
 */
#include "bare/machine/region.h"
#include "bare/machine/reset.h"
#include "bare/machine/vmplstub.h"
#include "abi/ghcb.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/percpu.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "lib/vmsa.h"

#define R         6
#define VMPL      2
#define LEAF_SEV  0x8000001f
#define GATE32    0x8e00ull /* present, DPL 0, 32-bit interrupt gate */
#define EFLAGS_IF BIT(9)

uint64_t reset_idt[32];
struct reset_found reset_found;

/* The hidden base is all that real mode knows of where it is, as with 0xffff0000 after INIT. */
static void fill(struct vmsa *v)
{
	vmsa_reset(v);
	v->vmpl = VMPL;
	v->cs.base = (uint64_t)reset_vector;
	v->rip = 0;
	v->sev_features = snp_features();
}

static void start(void)
{
	uint64_t vmsa = VMPLSTUB_VMSA(R), handler = (uint64_t)reset_vc;

	reset_idt[VEC_VC] = (handler & 0xffff) | (uint64_t)RESET_SELECTOR << 16 | GATE32 << 32 |
			    (handler >> 16) << 48;
	REQUIRE(region_reset(R));
	REQUIRE(region_validate(R, 1, 1));
	fill((struct vmsa *)vmsa);
	REQUIRE(region_image_rights(VMPL, RMP_RWX));
	REQUIRE_EQ(rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA), 0);
	REQUIRE_EQ(ghcb_ap_create(percpu()->apic_id, VMPL, GHCB_AP_CREATE, vmsa, snp_features()),
		   0);
}

TEST(from_reset, "vc-32-bit",
     "firmware goes from real mode to 32-bit mode at VMPL2, and serves its own #VC there",
     "apm:8.7:frame apm:15.34.4:unpaged")
{
	uint64_t answer;

	reset_found = (struct reset_found){.calls = 0};
	start();
	answer = ghcb_msr((uint64_t)VMPL << 32 | GHCB_MSR_RUN_VMPL_REQ);
	ghcb_select();
	CHECK_EQ(answer, GHCB_MSR_RUN_VMPL_RESP);
	CHECK_EQ(reset_found.calls, 1);
	CHECK_EQ(reset_found.error, GHCB_EXIT_CPUID);
	CHECK_EQ(reset_found.distance, 0);
	CHECK_EQ(reset_found.cs, RESET_SELECTOR);
	CHECK_EQ(reset_found.eflags & EFLAGS_IF, 0);
	test_case("what it has been told");
	for (uint64_t i = 0; i < 4; i++)
		CHECK_EQ(reset_found.cpuid[i],
			 ghcb_msr((uint64_t)LEAF_SEV << 32 | i << 30 | GHCB_MSR_CPUID_REQ) >> 32);
	ghcb_select();
	vmplstub_remove(R, VMPL);
}
