/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* SNP secrets page: SEV-SNP firmware ABI (56860), 8.17.2.5; SVSM fields: SVSM spec, table 1. */
#include "base/types.h"

struct snp_secrets {
	uint32_t version;
	uint32_t flags; /* bit 0: IMI enabled */
	uint32_t fms;
	uint32_t rsvd_00c;
	uint8_t gosvw[16];
	uint8_t vmpck[4][32];            /* 0x20 */
	uint8_t os_rsvd_0a0[0x60];       /* 0xa0: message sequence numbers, AP jump table at 0xb0 */
	uint8_t vmsa_tweak_bitmap[0x40]; /* 0x100 */
	uint64_t svsm_base;              /* 0x140 */
	uint64_t svsm_size;              /* 0x148 */
	uint64_t svsm_caa;               /* 0x150 */
	uint32_t svsm_max_version;       /* 0x158 */
	uint8_t svsm_guest_vmpl;         /* 0x15c */
	uint8_t rsvd_15d[3];
	uint32_t tsc_factor; /* 0x160 */
	uint32_t rsvd_164;
	uint8_t rsvd_168[PAGE_SIZE - 0x168];
} PACKED;

ABI_OFFSET(struct snp_secrets, vmpck, 0x20, "SNP ABI secrets page: VMPCK0");
ABI_OFFSET(struct snp_secrets, os_rsvd_0a0, 0xa0, "SNP ABI secrets page: guest area");
ABI_OFFSET(struct snp_secrets, svsm_base, 0x140, "SVSM table 1: SVSM_BASE");
ABI_OFFSET(struct snp_secrets, svsm_guest_vmpl, 0x15c, "SVSM table 1: SVSM_GUEST_VMPL");
ABI_OFFSET(struct snp_secrets, tsc_factor, 0x160, "SNP ABI secrets page: TSC_FACTOR");
ABI_SIZE(struct snp_secrets, 0x1000, "SNP ABI secrets page: one page");
