/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A guest that was started as firmware: the launch has put the secrets page, the CPUID page and a
 * calling area where the metadata asks for them (layout.h), and that is all it is told. Counterpart
 * of lib/vmpl2_loader.c.
 */
#include "bare/conform/conform.h"
#include "bare/conform/layout.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/snp.h"
#include "bare/lib/svsm.h"
#include "bare/lib/vmpl.h"
#include "bare/lib/vmpl2.h"
#include "abi/cpuid_page.h"
#include "abi/secrets.h"

extern uint8_t image_start[];

unsigned vmpl_own;
struct bare_info found;
uint32_t found_apic_ids[FOUND_VCPUS];

const struct snp_secrets *vmpl_secrets(void)
{
	return (const struct snp_secrets *)CONFORM_SECRETS;
}

const struct snp_cpuid_page *vmpl_cpuid_page(void)
{
	return (const struct snp_cpuid_page *)CONFORM_CPUID;
}

/* Whoever made it may keep it from the guest. */
const struct vmsa *vmpl_boot_vmsa(void)
{
	return NULL;
}

/* 58019, 4.1: an SVSM says so by the size of its range. */
bool found_svsm(void)
{
	return vmpl_secrets()->svsm_size != 0;
}

/*
 * Before anything that only an SNP guest may do: without SNP the pages are empty, and this does not
 * come back.
 */
void vmpl_init(uint64_t boot_argument)
{
	const struct snp_secrets *s = vmpl_secrets();

	(void)boot_argument;
	if (!vmpl_cpuid_page()->count)
		conform_refuse(false, "this is no SEV-SNP guest");
	found = (struct bare_info){
		.blob = {.magic = CC_BLOB_MAGIC,
			 .version = CC_BLOB_VERSION,
			 .secrets_phys = CONFORM_SECRETS,
			 .secrets_len = PAGE_SIZE,
			 .cpuid_phys = CONFORM_CPUID,
			 .cpuid_len = PAGE_SIZE},
		.cpus = 1,
		.reserved = {CONFORM_TABLES, (uint64_t)image_start - CONFORM_TABLES},
		.svsm = {s->svsm_base, s->svsm_size},
	};
	if (!found_svsm())
		return;
	vmpl_own = s->svsm_guest_vmpl;
	percpu_area[0].caa = (struct svsm_caa *)s->svsm_caa;
}

unsigned vmpl_vcpus(void)
{
	return found.cpus;
}

uint32_t vmpl_apic_id(unsigned vcpu)
{
	return found_apic_ids[vcpu];
}

const struct bare_info *vmpl2_info(void)
{
	return &found;
}

/* Without an SVSM this is VMPL0, which needs a GHCB to say so: it validates for itself. */
bool vmpl_page_validate(uint64_t gpa, bool validate)
{
	bool same;

	if (!found_svsm())
		return pvalidate(gpa, RMP_PG_4K, validate, &same) == SNP_SUCCESS && !same;
	return svsm_pvalidate(SVSM_ENTRY(gpa, RMP_PG_4K, validate)) == SVSM_SUCCESS;
}
