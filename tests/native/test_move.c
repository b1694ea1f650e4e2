/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The decoder of MOV and MOVZX: AMD APM vol. 3, the encodings as the manual's pages print them,
 * with the address forms of 1.4. test_move_objdump.c has another judge.
 *
 * sources: svsm/lib/insn/move.c svsm/lib/insn/prefixes.c
 */
#include "lib/insn/move.h"
#include "tests/native/check.h"

#include <string.h>

#define NO INSN_NO_REG

/* What is not named of `want` is 0; an address size of 8, the segment DS and no index need no
 * mention.
 */
static const struct form {
	const char *name, *bytes;
	unsigned n;
	struct insn_move want;
} forms[] = {
#define FORM(name, bytes, ...)                                                                     \
	{                                                                                          \
		name, bytes, sizeof(bytes) - 1,                                                    \
		{                                                                                  \
			.length = sizeof(bytes) - 1, __VA_ARGS__                                   \
		}                                                                                  \
	}
#define STORE      .store = true
#define BOTH(size) .width = (size), .reg_width = (size)
	FORM("MOV [RDX], EAX", "\x89\x02", STORE, BOTH(4), .base = 2),
	FORM("MOV EAX, [RDX]", "\x8b\x02", BOTH(4), .base = 2),
	FORM("MOV R9, [RDX]", "\x4c\x8b\x0a", BOTH(8), .reg = 9, .base = 2),
	FORM("MOV CX, [RDX]", "\x66\x8b\x0a", BOTH(2), .reg = 1, .base = 2),
	FORM("REX.W before 66", "\x66\x48\x8b\x02", BOTH(8), .base = 2),
	FORM("MOV AH, [RDX]", "\x8a\x22", BOTH(1), .high = true, .base = 2),
	FORM("MOV SPL, [RDX]", "\x40\x8a\x22", BOTH(1), .reg = 4, .base = 2),
	FORM("MOV [RDX], BH", "\x88\x3a", STORE, BOTH(1), .reg = 3, .high = true, .base = 2),
	FORM("MOV EAX, offset", "\xa1\x10\x00\xc0\xfe\x00\x00\x00\x00", BOTH(4), .base = NO,
	     .displacement = 0xfec00010),
	FORM("MOV offset, AL", "\xa2\x10\x00\xc0\xfe\x00\x00\x00\x80", STORE, BOTH(1), .base = NO,
	     .displacement = (int64_t)0x80000000fec00010),
	FORM("MOV EAX, offset of 32 bits", "\x67\xa1\x10\x00\xc0\xfe", BOTH(4), .base = NO,
	     .address = 4, .displacement = 0xfec00010),
	FORM("MOV DWORD [RDX], imm", "\xc7\x02\xfe\xff\xff\xff", STORE, .width = 4,
	     .is_immediate = true, .immediate = 0xfffffffe, .base = 2),
	FORM("MOV QWORD [RDX], imm", "\x48\xc7\x02\xfe\xff\xff\xff", STORE, .width = 8,
	     .is_immediate = true, .immediate = -2ull, .base = 2),
	FORM("MOV WORD [RDX], imm", "\x66\xc7\x02\x34\x82", STORE, .width = 2, .is_immediate = true,
	     .immediate = 0x8234, .base = 2),
	FORM("MOV BYTE [RDX], imm", "\xc6\x02\x80", STORE, .width = 1, .is_immediate = true,
	     .immediate = 0x80, .base = 2),
	FORM("MOVZX EAX, BYTE", "\x0f\xb6\x02", .width = 1, .reg_width = 4, .base = 2),
	FORM("MOVZX AX, BYTE", "\x66\x0f\xb6\x02", .width = 1, .reg_width = 2, .base = 2),
	FORM("MOVZX R8, WORD", "\x4c\x0f\xb7\x02", .width = 2, .reg_width = 8, .reg = 8, .base = 2),
	FORM("MOVZX ESP, BYTE", "\x0f\xb6\x22", .width = 1, .reg_width = 4, .reg = 4, .base = 2),
	FORM("disp8", "\x8b\x42\xf0", BOTH(4), .base = 2, .displacement = -16),
	FORM("disp32", "\x8b\x82\x00\x00\x00\x80", BOTH(4), .base = 2,
	     .displacement = -0x80000000ll),
	FORM("RIP", "\x8b\x05\x10\x00\x00\x00", BOTH(4), .base = INSN_RIP, .displacement = 16),
	FORM("R13 needs a displacement", "\x41\x8b\x45\x00", BOTH(4), .base = 13),
	FORM("RSP by SIB", "\x8b\x04\x24", BOTH(4), .base = 4),
	FORM("R12 by SIB", "\x41\x8b\x04\x24", BOTH(4), .base = 12),
	FORM("R12 is an index", "\x42\x8b\x04\xe2", BOTH(4), .base = 2, .index = 12, .scale = 3),
	FORM("SIB without base", "\x8b\x04\x8d\x10\x00\xc0\x7e", BOTH(4), .base = NO, .index = 1,
	     .scale = 2, .displacement = 0x7ec00010),
	FORM("SIB without both", "\x8b\x04\x25\x10\x00\xc0\xfe", BOTH(4), .base = NO,
	     .displacement = -0x13ffff0),
	FORM("RBP by SIB", "\x8b\x44\x0d\x00", BOTH(4), .base = 5, .index = 1),
	FORM("GS", "\x65\x8b\x02", BOTH(4), .base = 2, .segment = INSN_GS),
	FORM("67", "\x67\x8b\x02", BOTH(4), .base = 2, .address = 4),
	FORM("CS counts for nothing", "\x2e\x8b\x02", BOTH(4), .base = 2),
};

static void check_form(const struct insn_move *got, const struct insn_move *want)
{
	CHECK_EQ(got->length, want->length);
	CHECK_EQ(got->store, want->store);
	CHECK_EQ(got->is_immediate, want->is_immediate);
	CHECK_EQ(got->immediate, want->immediate);
	CHECK_EQ(got->width, want->width);
	CHECK_EQ(got->reg_width, want->reg_width);
	CHECK_EQ(got->reg, want->reg);
	CHECK_EQ(got->high, want->high);
	CHECK_EQ(got->address, want->address ? want->address : 8);
	CHECK_EQ(got->segment, want->segment ? want->segment : INSN_DS);
	CHECK_EQ(got->base, want->base);
	CHECK_EQ(got->index, want->index ? want->index : NO);
	CHECK_EQ(got->scale, want->scale);
	CHECK_EQ(got->displacement, want->displacement);
}

TEST(forms_of_the_manual)
{
	for (unsigned k = 0; k < ARRAY_LEN(forms); k++) {
		struct insn_move got = decode_move((const uint8_t *)forms[k].bytes, forms[k].n);

		check_context("%s", forms[k].name);
		check_form(&got, &forms[k].want);
		got = decode_move((const uint8_t *)forms[k].bytes, forms[k].n - 1);
		CHECK_EQ(got.length, 0);
	}
}

static const struct other {
	const char *name, *bytes;
	unsigned n;
} others[] = {
#define OTHER(name, bytes)                                                                         \
	{                                                                                          \
		name, bytes, sizeof(bytes) - 1                                                     \
	}
	OTHER("LOCK", "\xf0\x89\x02"),
	OTHER("F2", "\xf2\x89\x02"),
	OTHER("F3", "\xf3\x8b\x02"),
	OTHER("a register", "\x8b\xc2"),
	OTHER("an immediate into a register", "\xc7\xc0\x00\x00\x00\x00"),
	OTHER("C7 /1", "\xc7\x0a\x00\x00\x00\x00"),
	OTHER("XBEGIN", "\xc7\xf8\x00\x00\x00\x00"),
	OTHER("a segment register", "\x8c\x02"),
	OTHER("MOVSX", "\x0f\xbe\x02"),
	OTHER("MOVSXD", "\x48\x63\x02"),
	OTHER("XCHG", "\x87\x02"),
	OTHER("ADD", "\x01\x02"),
	OTHER("MOVS", "\xa5"),
	OTHER("more than 15 bytes",
	      "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x8b\x02"),
};

TEST(others_are_none)
{
	for (unsigned k = 0; k < ARRAY_LEN(others); k++) {
		check_context("%s", others[k].name);
		CHECK_EQ(decode_move((const uint8_t *)others[k].bytes, others[k].n).length, 0);
	}
}
