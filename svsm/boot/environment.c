/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The pages that an SNP guest expects of its firmware: secrets page, CPUID page, calling area,
 * first page tables. Called by guest_launch() after the guest's RAM is validated. The guest must
 * not get a key of a more privileged VMPL from here.
 */
#include "abi/cc_blob.h"
#include "base/x86.h"
#include "boot/guest.h"
#include "mm/alloc.h"
#include "mm/guest_mem.h"
#include "mm/launch_area.h"
#include "mm/secrets.h"
#include "base/assert.h"
#include "lib/string.h"
#include "platform/platform.h"

#define SPEC_VERSION 1 /* SVSM specification 1.00: SVSM_MAX_VERSION of table 1 */

/*
 * The security processor's secrets page without the keys of more privileged VMPLs, plus the SVSM's
 * fields: SVSM specification (58019), table 1. The heap wipes the copy.
 */
static void write_secrets(const struct guest_layout *l, unsigned vmpl)
{
	struct memmap_range svsm = memmap_svsm();
	struct snp_secrets *s = alloc_page();

	if (!s)
		panic("no memory for the guest's secrets page");
	memcpy(s, secrets_open(), sizeof(*s));
	secrets_close();
	memset(s->vmpck, 0, vmpl * sizeof(s->vmpck[0]));
	memset(s->os_rsvd_0a0, 0, sizeof(s->os_rsvd_0a0));
	s->svsm_base = svsm.base.v;
	s->svsm_size = svsm.size;
	s->svsm_caa = l->caa.v;
	s->svsm_max_version = SPEC_VERSION;
	s->svsm_guest_vmpl = (uint8_t)vmpl;
	guest_put(l->secrets, s, sizeof(*s));
	alloc_page_free(s);
}

static uint64_t pte(uint64_t address, uint64_t flags)
{
	return address | platform_cbit | PTE_P | PTE_W | PTE_A | flags;
}

static void write_entry(uint64_t table, unsigned i, uint64_t v)
{
	if (!guest_write64(gpa(table + i * sizeof(v)), v))
		panic("guest page table at %#lx cannot be written", (unsigned long)table);
}

/* An identity mapping of 4 GiB by 2 MiB pages: PML4, PDPT, four PDs. The guest replaces it
 * soon. */
static void write_pagetables(const struct guest_layout *l)
{
	uint64_t pml4 = l->pagetables.v, pdpt = pml4 + PAGE_SIZE, pd = pdpt + PAGE_SIZE;

	if (!guest_zero(l->pagetables, 6 * PAGE_SIZE))
		panic("guest page tables cannot be written");
	write_entry(pml4, 0, pte(pdpt, 0));
	for (unsigned i = 0; i < 4; i++)
		write_entry(pdpt, i, pte(pd + i * PAGE_SIZE, 0));
	for (unsigned i = 0; i < 4 * 512; i++)
		write_entry(pd, i, pte(i * SIZE_2M, PTE_PS | PTE_D));
}

void guest_environment_pages(const struct guest_layout *l, unsigned vmpl)
{
	write_secrets(l, vmpl);
	guest_put(l->cpuid, &snp_cpuid_page, sizeof(snp_cpuid_page));
}

/* The four pages of `reserved` start as zeros, as the calling area has to. */
void guest_environment_write(const struct guest_layout *l, unsigned vmpl)
{
	if (!guest_zero(l->reserved, 4 * PAGE_SIZE))
		panic("the guest's SNP pages cannot be written");
	guest_environment_pages(l, vmpl);
	write_pagetables(l);
}

struct cc_blob guest_environment_blob(const struct guest_layout *l)
{
	return (struct cc_blob){
		.magic = CC_BLOB_MAGIC,
		.version = CC_BLOB_VERSION,
		.secrets_phys = l->secrets.v,
		.secrets_len = PAGE_SIZE,
		.cpuid_phys = l->cpuid.v,
		.cpuid_len = PAGE_SIZE,
	};
}
