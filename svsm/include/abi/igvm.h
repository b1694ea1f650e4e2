/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Independent Guest Virtual Machine files: the format as the igvm_defs specification gives it. A
 * file is a fixed header, a variable header (a list of type, length, value, each padded to 8 bytes)
 * and data that the headers refer to by offset from the start of the file. All little-endian.
 */
#include "base/types.h"

#define IGVM_MAGIC     0x4d564749u /* "IGVM" */
#define IGVM_VERSION_1 1
#define IGVM_VERSION_2 2

struct igvm_fixed_header {
	uint32_t magic;
	uint32_t version;
	uint32_t header_offset; /* of the variable header; multiple of 8, behind the fixed header */
	uint32_t header_size;   /* of the variable header, bytes */
	uint32_t total_size;    /* of the file, bytes */
	uint32_t checksum;      /* CRC32 of fixed (this field as 0) and variable header */
} PACKED;
ABI_SIZE(struct igvm_fixed_header, 24, "IGVM_FIXED_HEADER");

struct igvm_fixed_header_v2 {
	struct igvm_fixed_header v1;
	uint32_t architecture; /* enum igvm_architecture */
	uint32_t page_size;    /* bytes */
} PACKED;
ABI_SIZE(struct igvm_fixed_header_v2, 32, "IGVM_FIXED_HEADER_V2");

enum igvm_architecture {
	IGVM_ARCH_X64 = 0,
	IGVM_ARCH_AARCH64 = 1
};

struct igvm_variable_header {
	uint32_t type;   /* enum igvm_type, perhaps with IGVM_OPTIONAL */
	uint32_t length; /* of the value alone, without padding */
} PACKED;
ABI_SIZE(struct igvm_variable_header, 8, "IGVM_VHS_VARIABLE_HEADER");

#define IGVM_OPTIONAL 0x80000000u /* a loader that does not know the type skips it */

/* The last types of the first two ranges. There are three (platform, initialization, directive),
 * and their headers stand in that order. */
#define IGVM_RANGE_PLATFORM_LAST 0x100
#define IGVM_RANGE_INIT_LAST     0x200

enum igvm_type {
	IGVM_SUPPORTED_PLATFORM = 0x001,
	IGVM_GUEST_POLICY = 0x101,
	IGVM_RELOCATABLE_REGION = 0x102,
	IGVM_PAGE_TABLE_RELOCATION = 0x103,
	IGVM_CORIM_DOCUMENT = 0x104,
	IGVM_CORIM_SIGNATURE = 0x105,
	IGVM_CCA_POLICY = 0x106,
	IGVM_PARAMETER_AREA = 0x301,
	IGVM_PAGE_DATA = 0x302,
	IGVM_PARAMETER_INSERT = 0x303,
	IGVM_VP_CONTEXT = 0x304,
	IGVM_REQUIRED_MEMORY = 0x305,
	IGVM_VP_COUNT = 0x307, /* this and the next ones: struct igvm_parameter */
	IGVM_SRAT = 0x308,
	IGVM_MADT = 0x309,
	IGVM_MMIO_RANGES = 0x30a,
	IGVM_SNP_ID_BLOCK = 0x30b,
	IGVM_MEMORY_MAP = 0x30c, /* struct igvm_parameter */
	IGVM_ERROR_RANGE = 0x30d,
	IGVM_COMMAND_LINE = 0x30e, /* struct igvm_parameter, as the next two */
	IGVM_SLIT = 0x30f,
	IGVM_PPTT = 0x310,
	IGVM_VBS_MEASUREMENT = 0x311,
	IGVM_DEVICE_TREE = 0x312,      /* struct igvm_parameter */
	IGVM_ENVIRONMENT_INFO = 0x313, /* struct igvm_parameter */
};

enum igvm_platform_type {
	IGVM_PLATFORM_NATIVE = 0,
	IGVM_PLATFORM_VSM = 1,
	IGVM_PLATFORM_SEV_SNP = 2,
	IGVM_PLATFORM_TDX = 3,
	IGVM_PLATFORM_SEV = 4,
	IGVM_PLATFORM_SEV_ES = 5,
	IGVM_PLATFORM_CCA = 6,
	IGVM_PLATFORM_COUNT,
};
#define IGVM_PLATFORM_VERSION 1 /* of each of them */

/* One platform the file can start on, and the bit that stands for it in all compatibility masks. */
struct igvm_supported_platform {
	uint32_t compatibility_mask; /* exactly one bit */
	uint8_t highest_vtl;         /* 0 or 2 */
	uint8_t platform_type;       /* enum igvm_platform_type */
	uint16_t platform_version;
	uint64_t shared_gpa_boundary; /* 0: the guest manages shared memory itself */
} PACKED;
ABI_SIZE(struct igvm_supported_platform, 16, "IGVM_VHS_SUPPORTED_PLATFORM");

struct igvm_guest_policy {
	uint64_t policy; /* for SNP: IGVM_SNP_POLICY_* */
	uint32_t compatibility_mask;
	uint32_t reserved;
} PACKED;
ABI_SIZE(struct igvm_guest_policy, 16, "IGVM_VHS_GUEST_POLICY");

/* SNP guest policy: SEV-SNP firmware ABI (56860), 4.3 */
#define IGVM_SNP_POLICY_SMT           BIT(16)
#define IGVM_SNP_POLICY_ONE           BIT(17) /* reserved, must be one */
#define IGVM_SNP_POLICY_MIGRATE_MA    BIT(18)
#define IGVM_SNP_POLICY_DEBUG         BIT(19)
#define IGVM_SNP_POLICY_SINGLE_SOCKET BIT(20)
#define IGVM_SNP_POLICY_KNOWN         0x3ffffffull /* the ABI version and bits 16..25 */

struct igvm_relocatable_region {
	uint32_t compatibility_mask;
	uint16_t vp_index;
	uint8_t vtl;
	uint8_t flags;
	uint64_t alignment; /* multiple of 4K; the next four addresses are multiples of it or of 4K
			     */
	uint64_t gpa;
	uint64_t size;
	uint64_t minimum_gpa;
	uint64_t maximum_gpa;
} PACKED;
ABI_SIZE(struct igvm_relocatable_region, 48, "IGVM_VHS_RELOCATABLE_REGION");

struct igvm_page_table_relocation {
	uint32_t compatibility_mask;
	uint16_t vp_index;
	uint8_t vtl;
	uint8_t reserved;
	uint64_t gpa;
	uint64_t size;
	uint64_t used_size;
} PACKED;
ABI_SIZE(struct igvm_page_table_relocation, 32, "IGVM_VHS_PAGE_TABLE_RELOCATION");

struct igvm_corim {
	uint32_t compatibility_mask;
	uint32_t file_offset;
	uint32_t size;
	uint32_t reserved;
} PACKED;
ABI_SIZE(struct igvm_corim, 16, "IGVM_VHS_CORIM_DATA");

/* Memory in the loader's hands, filled by parameters and then inserted as unmeasured pages. */
struct igvm_parameter_area {
	uint64_t size; /* bytes, multiple of 4K */
	uint32_t index;
	uint32_t file_offset; /* of the initial contents; 0: zeroes */
} PACKED;
ABI_SIZE(struct igvm_parameter_area, 16, "IGVM_VHS_PARAMETER_AREA");

enum igvm_page_type {
	IGVM_PAGE_NORMAL = 0,
	IGVM_PAGE_SECRETS = 1,
	IGVM_PAGE_CPUID = 2,
	IGVM_PAGE_CPUID_XF = 3,
	IGVM_PAGE_TYPES,
};

#define IGVM_PAGE_2M         BIT(0)
#define IGVM_PAGE_UNMEASURED BIT(1)
#define IGVM_PAGE_SHARED     BIT(2)
#define IGVM_PAGE_FLAGS      7u

struct igvm_page_data {
	uint64_t gpa;
	uint32_t compatibility_mask;
	uint32_t file_offset; /* 0: a page of zeroes */
	uint32_t flags;
	uint16_t type; /* enum igvm_page_type */
	uint16_t reserved;
} PACKED;
ABI_SIZE(struct igvm_page_data, 24, "IGVM_VHS_PAGE_DATA");

struct igvm_parameter_insert {
	uint64_t gpa;
	uint32_t compatibility_mask;
	uint32_t index;
} PACKED;
ABI_SIZE(struct igvm_parameter_insert, 16, "IGVM_VHS_PARAMETER_INSERT");

struct igvm_parameter {
	uint32_t index;  /* of the parameter area */
	uint32_t offset; /* bytes into it */
} PACKED;
ABI_SIZE(struct igvm_parameter, 8, "IGVM_VHS_PARAMETER");

struct igvm_vp_context {
	uint64_t gpa; /* SNP: where the VMSA goes; KVM has one place for it, IGVM_SNP_VMSA_GPA */
	uint32_t compatibility_mask;
	uint32_t file_offset; /* SNP: of a page, struct vmsa */
	uint16_t vp_index;
	uint16_t reserved;
} PACKED;
ABI_SIZE(struct igvm_vp_context, 20, "IGVM_VHS_VP_CONTEXT");

#define IGVM_SNP_VMSA_GPA 0xfffffffff000ull

struct igvm_required_memory {
	uint64_t gpa;
	uint32_t compatibility_mask;
	uint32_t size;  /* bytes, multiple of 4K */
	uint32_t flags; /* bit 0: can be protected by VTL2 */
	uint32_t reserved;
} PACKED;
ABI_SIZE(struct igvm_required_memory, 24, "IGVM_VHS_REQUIRED_MEMORY");

struct igvm_snp_id_block {
	uint32_t compatibility_mask;
	uint8_t author_key_enabled; /* 0: the author key's fields are zero */
	uint8_t reserved[3];
	uint8_t launch_digest[48];
	uint8_t family_id[16];
	uint8_t image_id[16];
	uint32_t version;
	uint32_t guest_svn;
	uint32_t id_key_algorithm;
	uint32_t author_key_algorithm;
	uint8_t id_key_signature[144];
	uint8_t id_public_key[152];
	uint8_t author_key_signature[144];
	uint8_t author_public_key[152];
} PACKED;
ABI_SIZE(struct igvm_snp_id_block, 696, "IGVM_VHS_SNP_ID_BLOCK");

#define IGVM_VBS_MEASUREMENT_SIZE 864
#define IGVM_CCA_POLICY_SIZE      32

struct igvm_error_range {
	uint64_t gpa;
	uint32_t compatibility_mask;
	uint32_t size; /* bytes, multiple of 4K */
} PACKED;
ABI_SIZE(struct igvm_error_range, 16, "IGVM_VHS_ERROR_RANGE");

/* ---- what a loader writes into parameter areas ---- */

enum igvm_memory_type {
	IGVM_MEMORY_RAM = 0,
	IGVM_MEMORY_RESERVED = 1,
	IGVM_MEMORY_PERSISTENT = 2,
	IGVM_MEMORY_VTL2 = 3,
};

/* The memory map: sorted, ended by an entry of no pages. */
struct igvm_memory_map_entry {
	uint64_t pfn;
	uint64_t pages;
	uint16_t type; /* enum igvm_memory_type */
	uint16_t flags;
	uint32_t reserved;
} PACKED;
ABI_SIZE(struct igvm_memory_map_entry, 24, "IGVM_VHS_MEMORY_MAP_ENTRY");

#define IGVM_ENVIRONMENT_SHARED BIT(0) /* memory not described by the file starts out shared */
