/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * MOV and MOVZX between memory and a general register or an immediate, in 64-bit mode: the
 * instructions by which drivers reach device registers. AMD APM vol. 3, chapter 3, MOV and MOVZX;
 * 1.2 to 1.7 for the encoding. Portable. tests/native/test_move_objdump.c compares it with another
 * disassembler.
 */
#include "lib/insn/prefixes.h"

#define INSN_NO_REG 0xff
#define INSN_RIP    16 /* as a base: the address behind the instruction */

struct insn_move {
	uint8_t length;      /* bytes, 1..15; 0: none of these, or the bytes do not hold it whole */
	bool store;          /* to memory */
	bool is_immediate;   /* what is stored is `immediate`, and no register */
	uint8_t width;       /* bytes of memory: 1, 2, 4 or 8 */
	uint8_t reg_width;   /* bytes of the register: as width, or more for MOVZX */
	uint8_t reg;         /* general register in encoding order */
	bool high;           /* bits 8 to 15 of it: AH, CH, DH, BH as registers 0 to 3 */
	uint64_t immediate;  /* cut to the width */
	uint8_t address;     /* address size in bytes, 4 or 8 */
	uint8_t segment;     /* enum insn_segment; only FS and GS have a base in 64-bit mode */
	uint8_t base, index; /* general registers, INSN_NO_REG; INSN_RIP as a base */
	uint8_t scale;       /* the index is shifted by this, 0..3 */
	int64_t displacement; /* or the whole address: neither base nor index */
};

/* Decode the instruction at the start of n bytes, of which 15 at most are read. LOCK makes #UD of
 * these, and F2 and F3 have no meaning there: with them it is none. */
struct insn_move decode_move(const uint8_t *bytes, size_t n);
