/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What differs between a guest under an SVSM (vmpl2.c) and a payload at VMPL0 (vmpl0.c). The linker
 * takes one of the two.
 */
#include "base/types.h"

struct snp_secrets;
struct snp_cpuid_page;
struct vmsa;

void vmpl_init(uint64_t boot_argument); /* first: finds secrets, CPUID page and calling area */
extern unsigned vmpl_own;               /* the VMPL that this guest runs at; fixed by vmpl_init() */
const struct snp_secrets *vmpl_secrets(void);       /* NULL when there is none */
const struct snp_cpuid_page *vmpl_cpuid_page(void); /* NULL when there is none */

/* The VMSA that this guest began with, where it can be read; else NULL. */
const struct vmsa *vmpl_boot_vmsa(void);

unsigned vmpl_vcpus(void);            /* as the loader told */
uint32_t vmpl_apic_id(unsigned vcpu); /* vCPU 0 is the boot one; vcpu < vmpl_vcpus() */

/* The state of a 4K page of this guest; its contents are lost. False: it was refused. */
bool vmpl_page_shared(uint64_t gpa);
bool vmpl_page_private(uint64_t gpa);
/* Only the validated bit; PVALIDATE's result, SVSM_ERR_PVALIDATE_* style at VMPL2. */
bool vmpl_page_validate(uint64_t gpa, bool validate);

/* A 4K page becomes the VMSA of vCPU apic_id at our VMPL, by the SVSM where there is one. */
bool vmpl_vmsa_create(uint64_t vmsa, uint64_t caa, uint32_t apic_id);
bool vmpl_vmsa_delete(uint64_t vmsa);
