/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What the builder tells the shim (guests/bare/shim) about the multiboot image that it has put into
 * memory, in the shim's page of the symbol payload_info.
 */
#include "base/types.h"

#define PAYLOAD_MAGIC     0x44414f4c59415024ull
#define PAYLOAD_SHIM_BASE 0x38000000ull /* where the shim is linked; RAM below is the payload's */
#define PAYLOAD_VTOM      0x40000000ull /* below it all is private */
#define PAYLOAD_LOW_END   0x100000ull   /* an image lies above the lowest MiB */

struct payload_info {
	uint64_t magic;
	uint64_t entry; /* 32-bit protected mode, no paging: Multiboot 0.6.96, 3.2 */
} PACKED;
ABI_SIZE(struct payload_info, 16, "payload_info");

/* Multiboot 0.6.96, 3.2 and 3.3 */
#define MULTIBOOT_HEADER_MAGIC 0x1badb002u
#define MULTIBOOT_LOADER_MAGIC 0x2badb002u
#define MULTIBOOT_INFO_MEMORY  BIT(0)
#define MULTIBOOT_INFO_CMDLINE BIT(2)
#define MULTIBOOT_INFO_MMAP    BIT(6)

struct multiboot_info {
	uint32_t flags;
	uint32_t mem_lower, mem_upper; /* KiB from 0, and from 1 MiB on */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t rest[16];
} PACKED;
ABI_OFFSET(struct multiboot_info, cmdline, 16, "Multiboot 3.3: cmdline");
ABI_OFFSET(struct multiboot_info, mmap_addr, 48, "Multiboot 3.3: mmap_addr");

struct multiboot_mmap {
	uint32_t size; /* of what follows */
	uint64_t base, length;
	uint32_t type; /* 1: RAM */
} PACKED;
ABI_SIZE(struct multiboot_mmap, 24, "Multiboot 3.3: a memory map's entry");
