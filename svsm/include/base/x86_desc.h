/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Descriptor tables in long mode: AMD APM vol. 2, 4.7, 4.8 and 12.2.5. */
#include "base/types.h"

/* GDT entries. Base and limit have no effect in 64-bit mode. */
#define X86_DESC_CODE      0x00af9b000000ffffull /* CPL 0, 64-bit */
#define X86_DESC_DATA      0x00cf93000000ffffull /* CPL 0 */
#define X86_DESC_USER_DATA 0x00cff3000000ffffull
#define X86_DESC_USER_CODE 0x00affb000000ffffull /* 64-bit */

/* An entry of the IDT. */
struct x86_gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, rsvd;
} PACKED;
ABI_SIZE(struct x86_gate, 16, "APM vol. 2, figure 4-24: 64-bit interrupt gate");

struct x86_tss {
	uint32_t rsvd_00;
	uint64_t rsp[3];
	uint64_t rsvd_1c;
	uint64_t ist[7]; /* a gate's ist field is the index + 1 */
	uint64_t rsvd_5c;
	uint16_t rsvd_64;
	uint16_t iomap; /* sizeof(struct x86_tss): none */
} PACKED;
ABI_SIZE(struct x86_tss, 104, "APM vol. 2, figure 12-8: 64-bit TSS");

/* What LGDT and LIDT read. */
struct x86_table {
	uint16_t limit;
	uint64_t base;
} PACKED;

/* A gate of an interrupt handler in ring 0. ist: 0 for the current stack. */
static inline struct x86_gate x86_gate(uint64_t target, uint16_t selector, unsigned ist)
{
	return (struct x86_gate){
		.offset_low = (uint16_t)target,
		.selector = selector,
		.ist = (uint8_t)ist,
		.type = 0x8e,
		.offset_mid = (uint16_t)(target >> 16),
		.offset_high = (uint32_t)(target >> 32),
	};
}

/* The two GDT entries of an available TSS. */
static inline void x86_desc_tss(uint64_t entry[2], const struct x86_tss *t)
{
	uint64_t base = (uint64_t)t;

	entry[0] = (sizeof(*t) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
		   (base >> 24 & 0xff) << 56;
	entry[1] = base >> 32;
}
