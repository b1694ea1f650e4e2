/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* How a guest finds its SNP pages: Linux's struct cc_blob_sev_info, in setup_data type 7. */
#include "base/types.h"

#define CC_BLOB_MAGIC   0x45444d41u /* "AMDE" */
#define CC_BLOB_VERSION 2

struct cc_blob {
	uint32_t magic;
	uint16_t version;
	uint16_t rsvd_06;
	uint64_t secrets_phys;
	uint32_t secrets_len;
	uint32_t rsvd_14;
	uint64_t cpuid_phys;
	uint32_t cpuid_len;
	uint32_t rsvd_24;
} PACKED;
ABI_SIZE(struct cc_blob, 0x28, "cc_blob_sev_info");

/* What follows the blob for a bare guest (LAUNCH_GUEST_BARE in launch.h), so that it does not have
 * to guess. */
struct bare_range {
	uint64_t base, size; /* bytes */
} PACKED;

#define BARE_MAX_RAM 32

struct bare_info {
	struct cc_blob blob;
	uint32_t cpus;
	uint32_t ram_count;
	struct bare_range unvalidated; /* RAM left unvalidated for tests */
	struct bare_range reserved;    /* holds secrets, CPUID page, calling area, VMSA */
	struct bare_range loader;      /* holds this, the first page tables and the first stack */
	struct bare_range svsm;
	struct bare_range ram[BARE_MAX_RAM]; /* RAM without the SVSM's memory */
} PACKED;
