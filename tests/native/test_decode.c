/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The machine's instruction decoder.
 *
 * sources: launch/machine/cpu/decode.c
 */
#include "tests/native/check.h"
#include "machine/cpu/decode.h"

#include <stdlib.h>
#include <string.h>

struct form {
	const char *name;
	uint8_t bytes[INSN_MAX + 1];
	uint8_t given; /* bytes at hand */
	bool mode32;
	uint8_t kind, length, reg, rm;
	bool addr32;
};

/* AMD APM vol. 3: the encodings as the manual's pages print them, then with prefixes. */
static const struct form forms[] = {
	{"CPUID", {0x0f, 0xa2}, 2, false, INSN_CPUID, 2, 0, 0, false},
	{"RDMSR", {0x0f, 0x32}, 2, false, INSN_RDMSR, 2, 0, 0, false},
	{"WRMSR", {0x0f, 0x30}, 2, false, INSN_WRMSR, 2, 0, 0, false},
	{"HLT", {0xf4}, 1, false, INSN_HLT, 1, 0, 0, false},
	{"PAUSE", {0xf3, 0x90}, 2, false, INSN_PAUSE, 2, 0, 0, false},
	{"NOP", {0x90}, 1, false, INSN_UNKNOWN, 1, 0, 0, false},
	{"VMMCALL", {0x0f, 0x01, 0xd9}, 3, false, INSN_VMMCALL, 3, 0, 0, false},
	{"VMGEXIT F3", {0xf3, 0x0f, 0x01, 0xd9}, 4, false, INSN_VMGEXIT, 4, 0, 0, false},
	{"VMGEXIT F2", {0xf2, 0x0f, 0x01, 0xd9}, 4, false, INSN_VMGEXIT, 4, 0, 0, false},
	{"VMCALL", {0x0f, 0x01, 0xc1}, 3, false, INSN_UNKNOWN, 3, 0, 0, false},
	{"PVALIDATE", {0xf2, 0x0f, 0x01, 0xff}, 4, false, INSN_PVALIDATE, 4, 0, 0, false},
	{"PVALIDATE, address size 32",
	 {0x67, 0xf2, 0x0f, 0x01, 0xff},
	 5,
	 false,
	 INSN_PVALIDATE,
	 5,
	 0,
	 0,
	 true},
	{"PVALIDATE in 32-bit mode",
	 {0xf2, 0x0f, 0x01, 0xff},
	 4,
	 true,
	 INSN_PVALIDATE,
	 4,
	 0,
	 0,
	 false},
	{"RMPADJUST", {0xf3, 0x0f, 0x01, 0xfe}, 4, false, INSN_RMPADJUST, 4, 0, 0, false},
	{"RMPQUERY", {0xf3, 0x0f, 0x01, 0xfd}, 4, false, INSN_RMPQUERY, 4, 0, 0, false},
	{"RMPUPDATE is the hypervisor's",
	 {0xf2, 0x0f, 0x01, 0xfe},
	 4,
	 false,
	 INSN_UNKNOWN,
	 4,
	 0,
	 0,
	 false},
	{"PSMASH is the hypervisor's",
	 {0xf3, 0x0f, 0x01, 0xff},
	 4,
	 false,
	 INSN_UNKNOWN,
	 4,
	 0,
	 0,
	 false},
	{"INVLPGB", {0x0f, 0x01, 0xfe}, 3, false, INSN_INVLPGB, 3, 0, 0, false},
	{"TLBSYNC", {0x0f, 0x01, 0xff}, 3, false, INSN_TLBSYNC, 3, 0, 0, false},
	{"the last repeat prefix counts",
	 {0xf3, 0xf2, 0x0f, 0x01, 0xff},
	 5,
	 false,
	 INSN_PVALIDATE,
	 5,
	 0,
	 0,
	 false},
	{"MOV RAX, CR3", {0x0f, 0x20, 0xd8}, 3, false, INSN_MOV_FROM_CR, 3, 3, 0, false},
	{"MOV CR3, RDI", {0x0f, 0x22, 0xdf}, 3, false, INSN_MOV_TO_CR, 3, 3, 7, false},
	{"MOV R9, CR0", {0x41, 0x0f, 0x20, 0xc1}, 4, false, INSN_MOV_FROM_CR, 4, 0, 9, false},
	{"MOV CR8, RAX", {0x44, 0x0f, 0x22, 0xc0}, 4, false, INSN_MOV_TO_CR, 4, 8, 0, false},
	{"MOV CR8, RAX by LOCK",
	 {0xf0, 0x0f, 0x22, 0xc0},
	 4,
	 false,
	 INSN_MOV_TO_CR,
	 4,
	 8,
	 0,
	 false},
	{"MOV EDX, CR8 by LOCK in 32-bit mode",
	 {0xf0, 0x0f, 0x20, 0xc2},
	 4,
	 true,
	 INSN_MOV_FROM_CR,
	 4,
	 8,
	 2,
	 false},
	{"MOV CR0, ECX in 32-bit mode",
	 {0x0f, 0x22, 0xc1},
	 3,
	 true,
	 INSN_MOV_TO_CR,
	 3,
	 0,
	 1,
	 false},
	{"MOV DR7, RSI", {0x0f, 0x23, 0xfe}, 3, false, INSN_MOV_TO_DR, 3, 7, 6, false},
	{"MOV R15, DR7", {0x41, 0x0f, 0x21, 0xff}, 4, false, INSN_MOV_FROM_DR, 4, 7, 15, false},
	{"LMSW BX", {0x0f, 0x01, 0xf3}, 3, false, INSN_LMSW, 3, 0, 3, false},
	{"CLTS", {0x0f, 0x06}, 2, true, INSN_CLTS, 2, 0, 0, false},
	{"operand size prefix", {0x66, 0x0f, 0xa2}, 3, false, INSN_CPUID, 3, 0, 0, false},
	{"segment prefix", {0x2e, 0x0f, 0x32}, 3, false, INSN_RDMSR, 3, 0, 0, false},
	{"REX before RDMSR", {0x48, 0x0f, 0x32}, 3, false, INSN_RDMSR, 3, 0, 0, false},
	{"a REX that a prefix follows does not count",
	 {0x44, 0x66, 0x0f, 0x22, 0xc0},
	 5,
	 false,
	 INSN_MOV_TO_CR,
	 5,
	 0,
	 0,
	 false},
	{"40h is INC in 32-bit mode", {0x48, 0x0f, 0x32}, 3, true, INSN_UNKNOWN, 1, 0, 0, false},
};

TEST(forms_of_each_instruction)
{
	for (unsigned n = 0; n < ARRAY_LEN(forms); n++) {
		const struct form *f = &forms[n];
		struct insn i = decode_insn(f->bytes, f->given, !f->mode32);

		check_context("%s", f->name);
		CHECK_EQ(i.kind, f->kind);
		CHECK_EQ(i.length, f->length);
		CHECK_EQ(i.addr32, f->addr32);
		if (f->kind == INSN_MOV_FROM_CR || f->kind == INSN_MOV_TO_CR ||
		    f->kind == INSN_MOV_FROM_DR || f->kind == INSN_MOV_TO_DR)
			CHECK_EQ(i.reg, f->reg);
		CHECK_EQ(i.rm, f->rm);
	}
}

/* The bytes lie at the end of their own block, so that the sanitizer sees a read too far. */
TEST(a_cut_instruction_is_unknown)
{
	for (unsigned n = 0; n < ARRAY_LEN(forms); n++) {
		const struct form *f = &forms[n];

		if (f->kind == INSN_UNKNOWN)
			continue;
		for (unsigned given = 0; given < f->given; given++) {
			uint8_t *end = malloc(given + 1);

			memcpy(end, f->bytes, given);
			end = realloc(end, given ? given : 1);
			check_context("%s, %u bytes of %u", f->name, given, f->given);
			CHECK_EQ(decode_insn(end, given, !f->mode32).kind, INSN_UNKNOWN);
			free(end);
		}
	}
}

TEST(prefixes_up_to_fifteen_bytes)
{
	uint8_t bytes[32];

	memset(bytes, 0x66, sizeof(bytes));
	memcpy(bytes + 13, "\x0f\xa2", 2);
	CHECK_EQ(decode_insn(bytes, 15, true).kind, INSN_CPUID);
	CHECK_EQ(decode_insn(bytes, 15, true).length, 15);
	memset(bytes, 0x66, sizeof(bytes));
	memcpy(bytes + 14, "\x0f\xa2", 2);
	CHECK_EQ(decode_insn(bytes, 16, true).kind, INSN_UNKNOWN);
	memset(bytes, 0x48, sizeof(bytes));
	CHECK_EQ(decode_insn(bytes, sizeof(bytes), true).kind, INSN_UNKNOWN);
}

TEST(every_short_sequence_ends)
{
	for (uint32_t v = 0; v < 1u << 24; v += 3) {
		uint8_t b[3] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16)};
		struct insn i = decode_insn(b, 3, v & 1);

		if (i.length > 3 || i.reg > 15 || i.rm > 15) {
			check_context("%02x %02x %02x", b[0], b[1], b[2]);
			CHECK(false);
			return;
		}
	}
}
