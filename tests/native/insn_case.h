/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Generated instructions for test_decode_objdump.c and test_move_objdump.c. */
#include "lib/insn/prefixes.h"

#define INSN_CASE 20 /* bytes of one at most */

struct insn_case {
	uint8_t b[INSN_CASE];
	unsigned n;
};

/* Prefixes, an opcode and a byte more. The same seed gives the same one. */
struct insn_case insn_case_make(uint32_t *seed, enum insn_mode mode);
/* The same of MOV, MOVZX and their neighbours in 64-bit mode, with bytes for all operands. */
struct insn_case insn_case_make_move(uint32_t *seed);
/* Where its opcode stands. */
unsigned insn_case_opcode(const struct insn_case *i, enum insn_mode mode);

/*
 * Where objdump is no judge of these bytes it gets others that mean the same by the APM (vol. 3):
 *
 *   a REX that a prefix follows     It makes two instructions of that. 1.2.7: it is ignored. So it
 *                                   is left out.
 *   66 before 0F 01 and 0F 09       It knows these opcodes' forms by prefix and calls others
 *   without F2 and F3, F2 before    "(bad)". Appendix A has no form with that prefix there, so it
 *   0F 09                           means nothing, and is left out likewise.
 *   more than 15 bytes              1.1: #GP. It makes two instructions of that. Of a prefix that
 *                                   stands there more than once it gets the last.
 *
 * Returns how many bytes were left out: its length and these are the instruction's.
 */
unsigned insn_case_for_judge(struct insn_case *i, enum insn_mode mode);
