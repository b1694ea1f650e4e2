/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Answers of the GHCB MSR protocol, request by request; SEV_STATUS: APM vol. 2, 15.34.10. */
#include "bare/machine/region.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/paging.h"
#include "bare/lib/snp.h"
#include "bare/lib/test.h"
#include "abi/cpuid_page.h"
#include "abi/machine.h"
#include "abi/vmsa.h"
#include "bare/lib/vmpl.h"

#define R 3

static uint64_t type_of(uint64_t answer)
{
	return answer & GHCB_MSR_INFO_MASK;
}

TEST(msr_sev_info, "msr-sev-info", "SEV information: versions and the C-bit's position",
     "ghcb:msr:sev-info")
{
	uint64_t r = ghcb_msr(GHCB_MSR_SEV_INFO_REQ);

	CHECK_EQ(type_of(r), GHCB_MSR_SEV_INFO_RESP);
	CHECK_GE(r >> 48, 2);
	CHECK_LE(r >> 32 & 0xffff, 2);
	CHECK_EQ(r >> 24 & 0xff, ghcb_msr_cpuid(0x8000001f, 1) & 0x3f);
	CHECK_EQ(r >> 24 & 0xff, MACHINE_CBIT);
}

/* The CPUID page that the loader wrote and the hypervisor's answers describe one machine. */
TEST(msr_cpuid, "msr-cpuid", "CPUID by the MSR protocol agrees with the CPUID page",
     "ghcb:msr:cpuid snp:8.17.2.6:agree")
{
	const struct snp_cpuid_page *page = vmpl_cpuid_page();
	static const uint32_t leaves[] = {0, 0x80000000, 0x8000001f};

	REQUIRE(page->count > 0 && page->count <= SNP_CPUID_MAX);
	for (unsigned i = 0; i < ARRAY_LEN(leaves); i++) {
		bool found = false;

		for (unsigned n = 0; n < page->count; n++) {
			const struct snp_cpuid_fn *f = &page->fn[n];

			if (f->eax_in != leaves[i] || f->ecx_in)
				continue;
			found = true;
			test_case("leaf 0x%x", leaves[i]);
			CHECK_EQ(ghcb_msr_cpuid(leaves[i], 0), f->eax);
			CHECK_EQ(ghcb_msr_cpuid(leaves[i], 1), f->ebx);
			CHECK_EQ(ghcb_msr_cpuid(leaves[i], 2), f->ecx);
			CHECK_EQ(ghcb_msr_cpuid(leaves[i], 3), f->edx);
		}
		CHECK(found);
	}
}

TEST(msr_features, "msr-features", "hypervisor features by MSR and by event agree",
     "ghcb:msr:hv-features ghcb:nae:hv-features")
{
	uint64_t r = ghcb_msr(GHCB_MSR_HV_FEATURES_REQ);
	struct ghcb *g;

	CHECK_EQ(type_of(r), GHCB_MSR_HV_FEATURES_RESP);
	CHECK_EQ(r >> 12 & GHCB_HV_FEAT_SNP, GHCB_HV_FEAT_SNP);
	CHECK_EQ(r >> 12 & GHCB_HV_FEAT_AP_CREATION, GHCB_HV_FEAT_AP_CREATION);
	CHECK_EQ(r >> 12 & GHCB_HV_FEAT_MULTI_VMPL, GHCB_HV_FEAT_MULTI_VMPL);
	g = ghcb_begin();
	CHECK_EQ(ghcb_exit(g, GHCB_EXIT_HV_FEATURES, 0, 0), 0);
	CHECK_EQ(g->exit_info2, r >> 12);
}

TEST(msr_preferred_gpa, "msr-preferred-gpa", "preferred GHCB GPA: an answer, here none preferred",
     "ghcb:msr:preferred-gpa")
{
	uint64_t r = ghcb_msr(GHCB_MSR_PREF_GPA_REQ);

	CHECK_EQ(type_of(r), GHCB_MSR_PREF_GPA_RESP);
	CHECK_EQ(r >> 12, 0xfffffffffffffull);
}

TEST(msr_psc, "msr-psc", "page state change by the MSR protocol, both ways, and what it refuses",
     "ghcb:msr:psc")
{
	uint64_t page = MEM_PAGE(R, 9);

	REQUIRE(region_reset(R));
	test_case("to shared");
	CHECK_EQ(ghcb_msr_psc(page, GHCB_PSC_SHARED), 0);
	*(volatile uint64_t *)paging_shared(page) = 42;
	CHECK_EQ(*(volatile uint64_t *)paging_shared(page), 42);
	test_case("to private");
	CHECK_EQ(ghcb_msr_psc(page, GHCB_PSC_PRIVATE), 0);
	CHECK_EQ(pvalidate(page, RMP_PG_4K, 1, NULL), SNP_SUCCESS);
	test_case("operation 0");
	CHECK_NE(ghcb_msr_psc(page, 0), 0);
	test_case("operation 15");
	CHECK_NE(ghcb_msr_psc(page, 15), 0);
	test_case("no RAM there");
	CHECK_NE(ghcb_msr_psc(MEM_NOT_RAM, GHCB_PSC_PRIVATE), 0);
	test_case("beyond RAM");
	CHECK_NE(ghcb_msr_psc(MEM_TOO_HIGH, GHCB_PSC_PRIVATE), 0);
	CHECK(region_reset(R));
}

TEST(msr_register, "msr-register", "GHCB registration echoes the page and takes the GHCB there",
     "ghcb:msr:register")
{
	uint64_t other = MEM_PAGE(R, 12);
	struct percpu *c = percpu();
	uint64_t keep = c->ghcb_gpa;

	REQUIRE(region_reset(R));
	REQUIRE_EQ(ghcb_msr_psc(other, GHCB_PSC_SHARED), 0);
	CHECK_EQ(ghcb_msr(other | GHCB_MSR_REG_GPA_REQ), other | GHCB_MSR_REG_GPA_RESP);
	c->ghcb = paging_shared(other);
	c->ghcb_gpa = other;
	CHECK_EQ(ghcb_exit(ghcb_begin(), GHCB_EXIT_HV_FEATURES, 0, 0), 0);
	c->ghcb = paging_shared(keep);
	c->ghcb_gpa = keep;
	CHECK_EQ(ghcb_msr(keep | GHCB_MSR_REG_GPA_REQ), keep | GHCB_MSR_REG_GPA_RESP);
	ghcb_select();
	CHECK(region_reset(R));
}

TEST(msr_run_vmpl, "msr-run-vmpl", "RUN_VMPL of a level without a VMSA is an error, not an end",
     "ghcb:msr:run-vmpl ghcb:run-vmpl:no-vmsa")
{
	for (unsigned vmpl = 1; vmpl < 6; vmpl++) {
		uint64_t r;

		test_case("VMPL%u", vmpl);
		r = ghcb_msr((uint64_t)vmpl << 32 | GHCB_MSR_RUN_VMPL_REQ);
		CHECK_EQ(type_of(r), GHCB_MSR_RUN_VMPL_RESP);
		CHECK_NE(r >> 32, 0);
	}
}

TEST(sev_status, "sev-status", "SEV_STATUS: SEV, ES and SNP on, read without an exit (15.34.10)",
     "apm:15.34.10:sev-status")
{
	uint64_t s = rdmsr(MSR_SEV_STATUS);

	CHECK_EQ(s & 7, SEV_STATUS_SEV | SEV_STATUS_ES | SEV_STATUS_SNP);
	CHECK_EQ(s & ~(7ull | SEV_FEAT_DEBUG_SWAP << SEV_STATUS_FEATURES_SHIFT), 0);
}
