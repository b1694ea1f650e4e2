/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest that the SVSM has loaded as a flat image: it was told what it has to know. */
#include "bare/lib/vmpl2.h"
#include "bare/lib/mem_vmpl2.h"
#include "bare/lib/vmpl.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/svsm.h"
#include "abi/secrets.h"
#include "abi/cpuid_page.h"

unsigned vmpl_own = VMPL_GUEST;
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
	mem_choose(info);
}

const struct snp_secrets *vmpl_secrets(void)
{
	return (const struct snp_secrets *)info->blob.secrets_phys;
}

const struct snp_cpuid_page *vmpl_cpuid_page(void)
{
	return (const struct snp_cpuid_page *)info->blob.cpuid_phys;
}

#define BOOT_VMSA 0x3000 /* svsm/boot/guest.h: the reserved pages */

const struct vmsa *vmpl_boot_vmsa(void)
{
	return (const struct vmsa *)(info->reserved.base + BOOT_VMSA);
}

unsigned vmpl_vcpus(void)
{
	return info->cpus;
}

uint32_t vmpl_apic_id(unsigned vcpu)
{
	return percpu_area[0].apic_id + vcpu;
}

const struct bare_info *vmpl2_info(void)
{
	return info;
}

bool vmpl_page_validate(uint64_t gpa, bool validate)
{
	return svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_4K, validate)) == SVSM_SUCCESS;
}
