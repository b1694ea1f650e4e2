/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest under the SVSM: validation and VMSAs are the SVSM's business. */
#include "bare/lib/vmpl2.h"
#include "bare/lib/vmpl.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/svsm.h"
#include "abi/secrets.h"
#include "abi/cpuid_page.h"

const unsigned vmpl_own = VMPL_GUEST;
static const struct bare_info *info;

/*
 * The boot argument is the SVSM's struct bare_info. Without its magic nothing can be found, so the
 * guest terminates.
 */
void vmpl_init(uint64_t boot_argument)
{
	info = (const struct bare_info *)boot_argument;
	if (info->blob.magic != CC_BLOB_MAGIC)
		ghcb_terminate(0, 0);
	percpu_area[0].caa = (struct svsm_caa *)vmpl_secrets()->svsm_caa;
}

const struct snp_secrets *vmpl_secrets(void)
{
	return (const struct snp_secrets *)info->blob.secrets_phys;
}

const struct snp_cpuid_page *vmpl_cpuid_page(void)
{
	return (const struct snp_cpuid_page *)info->blob.cpuid_phys;
}

unsigned vmpl_vcpus(void)
{
	return info->cpus;
}

const struct bare_info *vmpl2_info(void)
{
	return info;
}

bool vmpl_page_validate(uint64_t gpa, bool validate)
{
	return svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_4K, validate)) == SVSM_SUCCESS;
}

/* The order is fixed: rescind first, then the page may change to shared. */
bool vmpl_page_shared(uint64_t gpa)
{
	return vmpl_page_validate(gpa, false) && ghcb_msr_psc(gpa, GHCB_PSC_SHARED) == 0;
}

/* And back: the page becomes private first, then it can be validated. */
bool vmpl_page_private(uint64_t gpa)
{
	return ghcb_msr_psc(gpa, GHCB_PSC_PRIVATE) == 0 && vmpl_page_validate(gpa, true);
}

bool vmpl_vmsa_create(uint64_t vmsa, uint64_t caa, uint32_t apic_id)
{
	return svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_CREATE_VCPU), vmsa, caa, apic_id, 0) ==
	       SVSM_SUCCESS;
}

bool vmpl_vmsa_delete(uint64_t vmsa)
{
	for (unsigned i = 0; i < 100000; i++) { /* its vCPU may take a moment to stop */
		if (svsm(SVSM_CALL(SVSM_PROTO_CORE, SVSM_CORE_DELETE_VCPU), vmsa, 0, 0, 0) ==
		    SVSM_SUCCESS)
			return true;
		cpu_relax();
	}
	return false;
}
