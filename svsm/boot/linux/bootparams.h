/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The page that Linux gets in RSI (the "zero page"), and the header of a bzImage inside it: Linux,
 * Documentation/arch/x86/zero-page.rst and boot.rst. Only fields that the loader uses have names.
 */
#include "abi/cc_blob.h"
#include "base/types.h"

#define BOOTPARAMS_BOOT_FLAG     0xaa55
#define BOOTPARAMS_MAGIC         0x53726448u /* "HdrS" */
#define BOOTPARAMS_VERSION_MIN   0x020c      /* xloadflags */
#define BOOTPARAMS_XLF_64        BIT(0)      /* 64-bit entry at 0x200 */
#define BOOTPARAMS_ENTRY_64      0x200
#define BOOTPARAMS_LOADER        0xff /* no assigned boot loader id */

#define BOOTPARAMS_SETUP_CC_BLOB 7

struct bootparams_e820 {
	uint64_t base;
	uint64_t size;
	uint32_t type;
} PACKED;
ABI_SIZE(struct bootparams_e820, 20, "zero-page.rst: e820 entry");

#define BOOTPARAMS_E820_MAX 128

struct bootparams_header {
	uint8_t setup_sects; /* 0x1f1 */
	uint8_t rsvd_1f2[0x1fa - 0x1f2];
	uint16_t vid_mode;
	uint16_t root_dev;
	uint16_t boot_flag;
	uint8_t jump;        /* 0x200 */
	uint8_t jump_offset; /* the header ends at 0x202 + this */
	uint32_t magic;
	uint16_t version;
	uint8_t rsvd_208[8];
	uint8_t type_of_loader; /* 0x210 */
	uint8_t loadflags;
	uint8_t rsvd_212[6];
	uint32_t ramdisk_image; /* 0x218 */
	uint32_t ramdisk_size;
	uint8_t rsvd_220[8];
	uint32_t cmd_line_ptr; /* 0x228 */
	uint32_t initrd_addr_max;
	uint32_t kernel_alignment; /* 0x230 */
	uint8_t relocatable_kernel;
	uint8_t min_alignment;
	uint16_t xloadflags;
	uint32_t cmdline_size; /* 0x238 */
	uint8_t rsvd_23c[0x250 - 0x23c];
	uint64_t setup_data; /* 0x250 */
	uint64_t pref_address;
	uint32_t init_size; /* 0x260 */
	uint8_t rsvd_264[0x290 - 0x264];
} PACKED;

struct bootparams {
	uint8_t rsvd_000[0x70];
	uint64_t acpi_rsdp_addr; /* 0x70 */
	uint8_t rsvd_078[0x1e8 - 0x78];
	uint8_t e820_entries; /* 0x1e8 */
	uint8_t rsvd_1e9[0x1f1 - 0x1e9];
	struct bootparams_header hdr; /* 0x1f1 */
	uint8_t rsvd_290[0x2d0 - 0x290];
	struct bootparams_e820 e820[BOOTPARAMS_E820_MAX];
	uint8_t rsvd_end[0x1000 - 0xcd0];
} PACKED;

#define HDR_OFFSET(field, off)                                                                     \
	ABI_OFFSET(struct bootparams, hdr.field, off, "boot.rst: real-mode header")
HDR_OFFSET(setup_sects, 0x1f1);
HDR_OFFSET(magic, 0x202);
HDR_OFFSET(type_of_loader, 0x210);
HDR_OFFSET(ramdisk_image, 0x218);
HDR_OFFSET(cmd_line_ptr, 0x228);
HDR_OFFSET(xloadflags, 0x236);
HDR_OFFSET(setup_data, 0x250);
HDR_OFFSET(init_size, 0x260);
#undef HDR_OFFSET
ABI_OFFSET(struct bootparams, acpi_rsdp_addr, 0x70, "zero-page.rst: acpi_rsdp_addr");
ABI_OFFSET(struct bootparams, e820, 0x2d0, "zero-page.rst: e820_table");
ABI_SIZE(struct bootparams, 0x1000, "zero-page.rst: one page");

/* setup_data of type 7. len covers the blob behind it too, so that Linux reserves both as one. */
struct bootparams_cc {
	uint64_t next;
	uint32_t type;
	uint32_t len;
	uint32_t blob_address;
	uint32_t rsvd;
	struct cc_blob blob;
} PACKED;
#define BOOTPARAMS_CC_LEN                                                                          \
	(sizeof(struct bootparams_cc) - offsetof(struct bootparams_cc, blob_address))
