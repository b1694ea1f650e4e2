/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SNP CPUID page: SEV-SNP firmware ABI (56860), 8.17.2.6. */
#include "base/types.h"

#define SNP_CPUID_MAX 64

struct snp_cpuid_fn {
	uint32_t eax_in;
	uint32_t ecx_in;
	uint64_t xcr0_in;
	uint64_t xss_in;
	uint32_t eax, ebx, ecx, edx;
	uint64_t rsvd;
} PACKED;

struct snp_cpuid_page {
	uint32_t count;
	uint32_t rsvd_004;
	uint64_t rsvd_008;
	struct snp_cpuid_fn fn[SNP_CPUID_MAX];
	uint8_t rsvd_end[PAGE_SIZE - 16 - SNP_CPUID_MAX * 48];
} PACKED;

ABI_SIZE(struct snp_cpuid_fn, 48, "SNP ABI CPUID page: function entry");
ABI_OFFSET(struct snp_cpuid_fn, ebx, 0x1c, "SNP ABI CPUID page: EBX of an entry");
ABI_OFFSET(struct snp_cpuid_page, fn, 16, "SNP ABI CPUID page: first entry");
ABI_SIZE(struct snp_cpuid_page, 0x1000, "SNP ABI CPUID page: one page");
