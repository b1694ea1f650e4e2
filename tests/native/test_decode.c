/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The instruction decoder: AMD APM vol. 3, the encodings as the manual's pages print them, then
 * with prefixes (1.2), in other modes, cut short and too long. test_decode_objdump.c has another
 * judge.
 *
 * sources: svsm/lib/insn/decode.c svsm/lib/insn/prefixes.c
 */
#include "tests/native/check.h"
#include "lib/insn/decode.h"

#include <stdlib.h>
#include <string.h>

#define M16 INSN_MODE16
#define M32 INSN_MODE32
#define M64 INSN_MODE64

/* The instruction is all of the bytes. What is not named of `want` is 0; length and, but for
 * UNKNOWN and TOO_LONG, the mode's address size need no mention. */
static const struct form {
	const char *name;
	enum insn_mode mode;
	const char *bytes;
	unsigned n;
	struct insn want;
} forms[] = {
#define FORM(name, mode, bytes, what, ...)                                                         \
	{                                                                                          \
		name, mode, bytes, sizeof(bytes) - 1,                                              \
		{                                                                                  \
			.kind = what, ##__VA_ARGS__                                                \
		}                                                                                  \
	}
	FORM("CPUID", M64, "\x0f\xa2", INSN_CPUID),
	FORM("RDMSR", M64, "\x0f\x32", INSN_RDMSR),
	FORM("WRMSR", M64, "\x0f\x30", INSN_WRMSR),
	FORM("RDTSC", M64, "\x0f\x31", INSN_RDTSC),
	FORM("RDPMC", M64, "\x0f\x33", INSN_RDPMC),
	FORM("RDTSCP", M64, "\x0f\x01\xf9", INSN_RDTSCP),
	FORM("INVD", M64, "\x0f\x08", INSN_INVD),
	FORM("WBINVD", M64, "\x0f\x09", INSN_WBINVD),
	FORM("WBNOINVD", M64, "\xf3\x0f\x09", INSN_WBNOINVD),
	FORM("F2 WBINVD", M64, "\xf2\x0f\x09", INSN_WBINVD),
	FORM("MONITOR", M64, "\x0f\x01\xc8", INSN_MONITOR),
	FORM("MWAIT", M64, "\x0f\x01\xc9", INSN_MWAIT),
	FORM("HLT", M64, "\xf4", INSN_HLT),
	FORM("PAUSE", M64, "\xf3\x90", INSN_PAUSE),
	FORM("NOP", M64, "\x90", INSN_UNKNOWN),
	FORM("F2 NOP", M64, "\xf3\xf2\x90", INSN_UNKNOWN),
	FORM("VMMCALL", M64, "\x0f\x01\xd9", INSN_VMMCALL),
	FORM("VMGEXIT F3", M64, "\xf3\x0f\x01\xd9", INSN_VMGEXIT),
	FORM("VMGEXIT F2", M64, "\xf2\x0f\x01\xd9", INSN_VMGEXIT),
	FORM("VMCALL", M64, "\x0f\x01\xc1", INSN_UNKNOWN),
	FORM("PVALIDATE", M64, "\xf2\x0f\x01\xff", INSN_PVALIDATE),
	FORM("PVALIDATE, EAX", M64, "\x67\xf2\x0f\x01\xff", INSN_PVALIDATE, .address = 4),
	FORM("PVALIDATE, 32-bit mode", M32, "\xf2\x0f\x01\xff", INSN_PVALIDATE),
	FORM("PVALIDATE, AX", M32, "\x67\xf2\x0f\x01\xff", INSN_PVALIDATE, .address = 2),
	FORM("PVALIDATE, 16-bit mode, EAX", M16, "\xf2\x67\x0f\x01\xff", INSN_PVALIDATE,
	     .address = 4),
	FORM("RMPADJUST", M64, "\xf3\x0f\x01\xfe", INSN_RMPADJUST),
	FORM("RMPQUERY", M64, "\xf3\x0f\x01\xfd", INSN_RMPQUERY),
	FORM("RMPADJUST, 32-bit mode", M32, "\xf3\x0f\x01\xfe", INSN_UNDEFINED),
	FORM("RMPQUERY, 16-bit mode", M16, "\xf3\x0f\x01\xfd", INSN_UNDEFINED),
	FORM("RMPUPDATE is the hypervisor's", M64, "\xf2\x0f\x01\xfe", INSN_UNKNOWN),
	FORM("PSMASH is the hypervisor's", M64, "\xf3\x0f\x01\xff", INSN_UNKNOWN),
	FORM("INVLPGB", M64, "\x0f\x01\xfe", INSN_INVLPGB),
	FORM("TLBSYNC", M64, "\x0f\x01\xff", INSN_TLBSYNC),
	FORM("66 means nothing there", M64, "\x66\x0f\x01\xff", INSN_TLBSYNC),
	FORM("the last repeat prefix counts", M64, "\xf3\xf2\x0f\x01\xff", INSN_PVALIDATE),
	FORM("MOV RAX, CR3", M64, "\x0f\x20\xd8", INSN_MOV_FROM_CR, .reg = 3),
	FORM("MOV CR3, RDI", M64, "\x0f\x22\xdf", INSN_MOV_TO_CR, .reg = 3, .rm = 7),
	FORM("mod counts for nothing", M64, "\x0f\x22\x1f", INSN_MOV_TO_CR, .reg = 3, .rm = 7),
	FORM("MOV R9, CR0", M64, "\x41\x0f\x20\xc1", INSN_MOV_FROM_CR, .rm = 9),
	FORM("MOV CR8, RAX", M64, "\x44\x0f\x22\xc0", INSN_MOV_TO_CR, .reg = 8),
	FORM("MOV CR8, RAX by LOCK", M64, "\xf0\x0f\x22\xc0", INSN_MOV_TO_CR, .reg = 8),
	FORM("MOV EDX, CR8 by LOCK", M32, "\xf0\x0f\x20\xc2", INSN_MOV_FROM_CR, .reg = 8, .rm = 2),
	FORM("CR11 by LOCK", M32, "\xf0\x0f\x20\xda", INSN_UNDEFINED, .reg = 11, .rm = 2),
	FORM("CR1", M64, "\x0f\x22\xc8", INSN_UNDEFINED, .reg = 1),
	FORM("MOV CR0, ECX, 32-bit mode", M32, "\x0f\x22\xc1", INSN_MOV_TO_CR, .rm = 1),
	FORM("MOV DR7, RSI", M64, "\x0f\x23\xfe", INSN_MOV_TO_DR, .reg = 7, .rm = 6),
	FORM("MOV R15, DR7", M64, "\x41\x0f\x21\xff", INSN_MOV_FROM_DR, .reg = 7, .rm = 15),
	FORM("DR8", M64, "\x44\x0f\x21\xc0", INSN_UNDEFINED, .reg = 8),
	FORM("LOCK MOV DR7", M64, "\xf0\x0f\x23\xf8", INSN_UNDEFINED, .reg = 7),
	FORM("LMSW BX", M64, "\x0f\x01\xf3", INSN_LMSW, .rm = 3),
	FORM("LMSW R11W", M64, "\x41\x0f\x01\xf3", INSN_LMSW, .rm = 11),
	FORM("CLTS", M32, "\x0f\x06", INSN_CLTS),

	FORM("IN AL, 60h", M64, "\xe4\x60", INSN_IN, .width = 1, .port = 0x60),
	FORM("IN EAX, 60h", M64, "\xe5\x60", INSN_IN, .width = 4, .port = 0x60),
	FORM("IN AX, 60h", M64, "\x66\xe5\x60", INSN_IN, .width = 2, .port = 0x60),
	FORM("IN AX, 60h, 16-bit mode", M16, "\xe5\x60", INSN_IN, .width = 2, .port = 0x60),
	FORM("IN EAX, 60h, 16-bit mode", M16, "\x66\xe5\x60", INSN_IN, .width = 4, .port = 0x60),
	FORM("66 IN AL, 60h", M64, "\x66\xe4\x60", INSN_IN, .width = 1, .port = 0x60),
	FORM("OUT 80h, AL", M64, "\xe6\x80", INSN_OUT, .width = 1, .port = 0x80),
	FORM("OUT 80h, EAX", M32, "\xe7\x80", INSN_OUT, .width = 4, .port = 0x80),
	FORM("IN AL, DX", M64, "\xec", INSN_IN, .width = 1, .by_dx = true),
	FORM("IN EAX, DX", M64, "\xed", INSN_IN, .width = 4, .by_dx = true),
	FORM("IN AX, DX", M64, "\x66\xed", INSN_IN, .width = 2, .by_dx = true),
	FORM("OUT DX, AL", M64, "\xee", INSN_OUT, .width = 1, .by_dx = true),
	FORM("OUT DX, AX", M64, "\x66\xef", INSN_OUT, .width = 2, .by_dx = true),
	FORM("REX.W takes no 64 bits", M64, "\x48\xef", INSN_OUT, .width = 4, .by_dx = true),
	FORM("REX.W is stronger than 66", M64, "\x66\x48\xef", INSN_OUT, .width = 4, .by_dx = true),
	FORM("REP IN does not repeat", M64, "\xf3\xec", INSN_IN, .width = 1, .by_dx = true),

	FORM("INSB", M64, "\x6c", INSN_INS, .width = 1, .by_dx = true),
	FORM("INSW", M64, "\x66\x6d", INSN_INS, .width = 2, .by_dx = true),
	FORM("INSD", M64, "\x6d", INSN_INS, .width = 4, .by_dx = true),
	FORM("INSW, 16-bit mode", M16, "\x6d", INSN_INS, .width = 2, .by_dx = true),
	FORM("REP INSB", M64, "\xf3\x6c", INSN_INS, .width = 1, .by_dx = true, .repeat = true),
	FORM("REPNE INSB", M64, "\xf2\x6c", INSN_INS, .width = 1, .by_dx = true, .repeat = true),
	FORM("INS has ES only", M32, "\x64\x6c", INSN_INS, .width = 1, .by_dx = true),
	FORM("INSB, EDI", M64, "\x67\x6c", INSN_INS, .width = 1, .by_dx = true, .address = 4),
	FORM("INSB, DI", M32, "\x67\x6c", INSN_INS, .width = 1, .by_dx = true, .address = 2),
	FORM("OUTSB", M64, "\x6e", INSN_OUTS, .width = 1, .by_dx = true, .segment = INSN_DS),
	FORM("OUTSD", M64, "\x6f", INSN_OUTS, .width = 4, .by_dx = true, .segment = INSN_DS),
	FORM("OUTSB of GS", M64, "\x65\x6e", INSN_OUTS, .width = 1, .by_dx = true,
	     .segment = INSN_GS),
	FORM("OUTSB of SS, 32-bit mode", M32, "\x36\x6e", INSN_OUTS, .width = 1, .by_dx = true,
	     .segment = INSN_SS),
	FORM("the last override counts", M32, "\x64\x2e\x6e", INSN_OUTS, .width = 1, .by_dx = true,
	     .segment = INSN_CS),
	FORM("CS is none in 64-bit mode", M64, "\x64\x2e\x6e", INSN_OUTS, .width = 1, .by_dx = true,
	     .segment = INSN_FS),
	FORM("LOCK REP OUTSB", M64, "\xf0\xf3\x6e", INSN_UNDEFINED, .width = 1, .by_dx = true,
	     .repeat = true, .segment = INSN_DS),

	FORM("operand size prefix", M64, "\x66\x0f\xa2", INSN_CPUID),
	FORM("segment prefix", M64, "\x2e\x0f\x32", INSN_RDMSR),
	FORM("REX before RDMSR", M64, "\x48\x0f\x32", INSN_RDMSR),
	FORM("LOCK CPUID", M64, "\xf0\x0f\xa2", INSN_UNDEFINED),
	FORM("LOCK ADD is none of these", M64, "\xf0\x01\x00", INSN_UNKNOWN),
	FORM("a REX that a prefix follows does not count", M64, "\x44\x66\x0f\x22\xc0",
	     INSN_MOV_TO_CR),
	FORM("a REX that another follows does not count", M64, "\x44\x41\x0f\x22\xc0",
	     INSN_MOV_TO_CR, .rm = 8),
	FORM("40h is INC in 32-bit mode", M32, "\x48\x0f\x32", INSN_UNKNOWN),
	FORM("15 bytes", M64, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2",
	     INSN_CPUID),
	FORM("16 bytes", M64, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x0f\xa2",
	     INSN_TOO_LONG),
	FORM("16 bytes with the port", M32,
	     "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\xe4\x60", INSN_TOO_LONG),
};

/* Reads from a block of its own that ends with the bytes: the sanitizer sees a read too far. */
static struct insn decode(const char *bytes, unsigned n, enum insn_mode mode)
{
	uint8_t *b = malloc(n ? n : 1);
	struct insn i;

	memcpy(b, bytes, n);
	i = decode_insn(b, n, mode);
	free(b);
	return i;
}

static void check_insn(const struct insn *i, const struct insn *want)
{
	CHECK_EQ(i->kind, want->kind);
	CHECK_EQ(i->length, want->length);
	CHECK_EQ(i->address, want->address);
	CHECK_EQ(i->reg, want->reg);
	CHECK_EQ(i->rm, want->rm);
	CHECK_EQ(i->width, want->width);
	CHECK_EQ(i->port, want->port);
	CHECK_EQ(i->segment, want->segment);
	CHECK_EQ(i->by_dx, want->by_dx);
	CHECK_EQ(i->repeat, want->repeat);
}

TEST(forms_of_each_instruction)
{
	for (unsigned n = 0; n < ARRAY_LEN(forms); n++) {
		const struct form *f = &forms[n];
		struct insn i = decode(f->bytes, f->n, f->mode), want = f->want;

		if (want.kind != INSN_UNKNOWN && want.kind != INSN_TOO_LONG) {
			want.length = (uint8_t)f->n;
			want.address = want.address ? want.address : f->mode;
		}
		check_context("%s", f->name);
		check_insn(&i, &want);
	}
}

TEST(a_cut_instruction_is_unknown)
{
	for (unsigned n = 0; n < ARRAY_LEN(forms); n++) {
		const struct form *f = &forms[n];

		if (f->want.kind == INSN_UNKNOWN || f->want.kind == INSN_TOO_LONG)
			continue;
		for (unsigned given = 0; given < f->n; given++) {
			check_context("%s, %u bytes of %u", f->name, given, f->n);
			CHECK_EQ(decode(f->bytes, given, f->mode).kind, INSN_UNKNOWN);
		}
	}
}

/* Nothing but prefixes is too long from the 15th on, and until then unknown. */
TEST(prefixes_alone)
{
	char bytes[32];

	memset(bytes, 0x48, sizeof(bytes));
	for (unsigned n = 0; n <= sizeof(bytes); n++) {
		check_context("%u bytes", n);
		CHECK_EQ(decode(bytes, n, M64).kind, n < 15 ? INSN_UNKNOWN : INSN_TOO_LONG);
	}
}

TEST(an_address_is_cut_to_its_size)
{
	const uint64_t all = ~0ull;

	CHECK_EQ(insn_cut(&(struct insn){.address = 2}, all), 0xffff);
	CHECK_EQ(insn_cut(&(struct insn){.address = 4}, all), 0xffffffff);
	CHECK_EQ(insn_cut(&(struct insn){.address = 8}, all), all);
}
