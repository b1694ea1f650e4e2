/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A payload at VMPL0, where the SVSM would be: it executes PVALIDATE and RMPADJUST itself. */
#include "bare/lib/vmpl.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/snp.h"
#include "abi/secrets.h"
#include "abi/cpuid_page.h"

/* Filled by the IGVM loader, which finds these symbols in the ELF file. */
uint8_t snp_secrets_page[PAGE_SIZE] SECTION(".igvm.secrets") ALIGNED(4096) = {0};
uint8_t snp_cpuid_page[PAGE_SIZE] SECTION(".igvm.cpuid") ALIGNED(4096) = {0};
uint32_t igvm_vp_count SECTION(".igvm.vp_count") ALIGNED(4096) = 0;

unsigned vmpl_own = VMPL_SVSM;

void vmpl_init(uint64_t boot_argument)
{
	(void)boot_argument;
}

const struct snp_secrets *vmpl_secrets(void)
{
	return (const struct snp_secrets *)snp_secrets_page;
}

const struct snp_cpuid_page *vmpl_cpuid_page(void)
{
	return (const struct snp_cpuid_page *)snp_cpuid_page;
}

const struct vmsa *vmpl_boot_vmsa(void)
{
	return NULL;
}

unsigned vmpl_vcpus(void)
{
	return READ_ONCE(igvm_vp_count);
}

uint32_t vmpl_apic_id(unsigned vcpu)
{
	return percpu_area[0].apic_id + vcpu;
}

bool vmpl_page_validate(uint64_t gpa, bool validate)
{
	bool same;

	return pvalidate(gpa, RMP_PG_4K, validate, &same) == SNP_SUCCESS && !same;
}

bool vmpl_page_shared(uint64_t gpa)
{
	return vmpl_page_validate(gpa, false) && ghcb_msr_psc(gpa, GHCB_PSC_SHARED) == 0;
}

bool vmpl_page_private(uint64_t gpa)
{
	return ghcb_msr_psc(gpa, GHCB_PSC_PRIVATE) == 0 && vmpl_page_validate(gpa, true);
}

/* The VMSA attribute is given through a VMPL above our own: APM vol. 3, RMPADJUST. */
bool vmpl_vmsa_create(uint64_t vmsa, uint64_t caa, uint32_t apic_id)
{
	(void)caa;
	(void)apic_id;
	return rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0) | RMPADJUST_VMSA) == SNP_SUCCESS;
}

bool vmpl_vmsa_delete(uint64_t vmsa)
{
	for (unsigned i = 0; i < 100000; i++) { /* its vCPU may take a moment to stop */
		if (rmpadjust(vmsa, RMP_PG_4K, RMPADJUST_ATTR(1, 0)) == SNP_SUCCESS)
			return true;
		cpu_relax();
	}
	return false;
}
