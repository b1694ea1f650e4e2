/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What VMPL2 may do by itself: APM vol. 2, 15.36.6 and 15.36.7; vol. 3, PVALIDATE, RMPADJUST. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/smp.h"
#include "bare/lib/snp.h"
#include "bare/lib/trap.h"
#include "bare/lib/vmpl2.h"

#define R 6

struct adjust_row {
	const char *name, *rule;
	uint64_t gpa, size, attributes;
	uint32_t result;
};

/* Linux finds out that it is not VMPL0 by such an RMPADJUST: it must fail each time. */
TEST(rmpadjust_rules, "vmpl2-rmpadjust", "RMPADJUST at VMPL2: VMPL3 only, no VMSA, own rights only",
     "apm:rmpadjust:level apm:rmpadjust:rights apm:rmpadjust:input")
{
	const struct adjust_row rows[] = {
		{"VMPL0", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0, RMPADJUST_ATTR(0, RMP_RWX),
		 SNP_FAIL_PERMISSION},
		{"VMPL1", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0, RMPADJUST_ATTR(1, 0),
		 SNP_FAIL_PERMISSION},
		{"VMPL1 as Linux asks", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0,
		 RMPADJUST_ATTR(1, RMP_R), SNP_FAIL_PERMISSION},
		{"VMPL2", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0, RMPADJUST_ATTR(2, RMP_RWX),
		 SNP_FAIL_PERMISSION},
		{"VMPL3", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0, RMPADJUST_ATTR(3, RMP_RWX),
		 SNP_SUCCESS},
		{"VMPL3 back to nothing", "apm:rmpadjust:level", MEM_PAGE(R, 1), 0,
		 RMPADJUST_ATTR(3, 0), SNP_SUCCESS},
		{"VMPL4", "apm:rmpadjust:input", MEM_PAGE(R, 1), 0, RMPADJUST_ATTR(4, 0),
		 SNP_FAIL_INPUT},
		{"SVSM page, VMPL1", "apm:rmpadjust:level", MEM_SVSM, 0, RMPADJUST_ATTR(1, RMP_RWX),
		 SNP_FAIL_PERMISSION},
		{"SVSM page, VMPL2", "apm:rmpadjust:level", MEM_SVSM, 0, RMPADJUST_ATTR(2, RMP_RWX),
		 SNP_FAIL_PERMISSION},
		{"SVSM page, VMPL3", "apm:rmpadjust:rights", MEM_SVSM, 0,
		 RMPADJUST_ATTR(3, RMP_RWX), SNP_FAIL_PERMISSION},
	};

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		test_case_of(rows[i].rule, "%s", rows[i].name);
		CHECK_EQ(rmpadjust(rows[i].gpa, rows[i].size, rows[i].attributes), rows[i].result);
	}
	CHECK(calls_region_intact(R));
}

static void never(void *arg)
{
	(void)arg;
	for (;;)
		cpu_relax();
}

/*
 * The VMSA attribute is VMPL0's alone. Below it the instruction succeeds and the bit is ignored,
 * says AMD in EDK II's SevSnpRmpAdjust(): the page stays a plain one. It holds a VMSA in which
 * nothing is wrong, so that the attribute is all it lacks. A hypervisor may take it for
 * AP_CREATION, which has no rule to look at the RMP; VMRUN has (table 15-41), so what must fail is
 * RUN_VMPL.
 */
TEST(rmpadjust_vmsa, "vmpl2-rmpadjust-vmsa", "RMPADJUST at VMPL2 cannot make a VMSA page",
     "apm:rmpadjust:vmsa")
{
	uint64_t vmsa = MEM_PAGE(R, 1), size, attributes = 3;

	smp_fill_vmsa((struct vmsa *)vmsa, 0, 3, never, NULL, MEM_PAGE(R, 3));
	CHECK_EQ(rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(3, 0) | RMPADJUST_VMSA), SNP_SUCCESS);
	if (ghcb_msr_cpuid(0x8000001f, 0) >> 6 & 1) {
		CHECK_EQ(rmpquery(vmsa, &size, &attributes), SNP_SUCCESS);
		CHECK_EQ(attributes & RMPADJUST_VMSA, 0);
	}
	ghcb_ap_create(percpu()->apic_id, 3, GHCB_AP_CREATE, vmsa, snp_features());
	CHECK_NE(ghcb_run_vmpl(3), 0);
	ghcb_ap_create(percpu()->apic_id, 3, GHCB_AP_DESTROY, 0, 0);
	CHECK(calls_region_intact(R));
}

/* PVALIDATE is for VMPL0 only: #GP, and the page is as before. */
TEST(pvalidate_self, "vmpl2-pvalidate", "PVALIDATE at VMPL2 does nothing", "apm:pvalidate:vmpl0")
{
	struct fault f;

	if (FAULT_CATCH(&f)) {
		pvalidate(MEM_PAGE(R, 1), RMP_PG_4K, 0, NULL);
		fault_release();
	}
	CHECK_EQ(f.vector, VEC_GP);
	CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(MEM_PAGE(R, 1), RMP_PG_4K, true)),
		 SVSM_ERR_PVALIDATE_NO_CHANGE);
}

/* The hypervisor runs neither the SVSM's VMPL for the guest, nor a VMPL that has no VMSA. */
TEST(hypervisor_levels, "vmpl2-hypervisor",
     "the hypervisor runs no level above the guest's for a bad VMSA",
     "ghcb:ap-creation:refuse ghcb:run-vmpl:no-vmsa")
{
	test_case("AP_CREATION of VMPL0 with a guest page");
	CHECK_NE(ghcb_ap_create(percpu()->apic_id + 1, 0, GHCB_AP_CREATE, MEM_PAGE(R, 1), 1), 0);
	test_case("RUN_VMPL of a level without a VMSA");
	CHECK_NE(ghcb_run_vmpl(1), 0);
	CHECK_NE(ghcb_run_vmpl(3), 0);
	CHECK_EQ(svsm(CORE(QUERY_PROTOCOL), 1, 0, 0, 0), SVSM_SUCCESS);
}

/* Sharing memory the right way: rescind, change the page state, use, and back. */
TEST(share, "share-and-back", "a page goes shared and comes back private, 100 times",
     "ghcb:msr:psc svsm:6.2:clear")
{
	for (unsigned i = 0; i < 100; i++) {
		uint64_t gpa = MEM_PAGE(R, i);

		if (!CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_4K, false)), SVSM_SUCCESS) ||
		    !CHECK_EQ(ghcb_msr_psc(gpa, GHCB_PSC_SHARED), 0))
			break;
		*(volatile uint64_t *)(PAGING_SHARED + gpa) = i;
		if (!CHECK_EQ(ghcb_msr_psc(gpa, GHCB_PSC_PRIVATE), 0) ||
		    !CHECK_EQ(svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_4K, true)), SVSM_SUCCESS))
			break;
		CHECK_EQ(*(volatile uint64_t *)gpa, 0);
	}
	CHECK(calls_region_intact(R));
}
