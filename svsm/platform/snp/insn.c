/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Decodes the few instructions of the SVSM's own code that raise #VC. platform/snp/vc.c is the
 * only caller. It must not read beyond the bytes it is given, and must answer "none" for anything
 * that it does not know.
 */
#include "platform/snp/insn.h"

/* Opcodes behind 0f, and the three-byte ones behind 0f 01. i->len counts the prefixes and 0f
 * already. */
static bool two_byte(const uint8_t *b, size_t left, struct insn *i)
{
	static const struct {
		uint8_t opcode;
		uint8_t op;
	} table[] = {{0xa2, INSN_CPUID}, {0x32, INSN_RDMSR}, {0x30, INSN_WRMSR},
		     {0x31, INSN_RDTSC}, {0x33, INSN_RDPMC}, {0x09, INSN_WBINVD}};

	if (!left)
		return false;
	for (size_t n = 0; n < ARRAY_LEN(table); n++)
		if (b[0] == table[n].opcode) {
			i->op = table[n].op;
			i->len += 1;
			return true;
		}
	if (left < 2 || b[0] != 0x01)
		return false;
	i->len += 2;
	i->op = b[1] == 0xf9 ? INSN_RDTSCP : b[1] == 0xd9 ? INSN_VMMCALL : INSN_NONE;
	return i->op != INSN_NONE;
}

/* IN and OUT. E4..E7: port in the next byte; EC..EF: port in DX. Opcode bit 1: OUT; bit 0: 2 or 4
 * bytes, by the prefix. */
static bool port_io(uint8_t opcode, const uint8_t *b, size_t left, bool small, struct insn *i)
{
	i->op = opcode & 2 ? INSN_OUT : INSN_IN;
	i->width = opcode & 1 ? (small ? 2 : 4) : 1;
	i->port_imm = opcode < 0xe8;
	if (!i->port_imm)
		return true;
	if (!left)
		return false;
	i->imm = b[0];
	i->len += 1;
	return true;
}

/* Skips operand-size and REX prefixes, as our compiler emits them; any other prefix makes it
 * "none". */
bool insn_decode(const uint8_t *bytes, size_t len, struct insn *out)
{
	struct insn i = {0};
	bool small = false, ok = false;
	size_t at = 0;
	uint8_t b;

	*out = i;
	len = MIN(len, (size_t)INSN_MAX);
	while (at < len && (bytes[at] == 0x66 || (bytes[at] & 0xf0) == 0x40)) {
		small |= bytes[at] == 0x66;
		at++;
	}
	if (at == len)
		return false;
	b = bytes[at++];
	i.len = at;
	if (b == 0x0f)
		ok = two_byte(bytes + at, len - at, &i);
	else if ((b & 0xf4) == 0xe4)
		ok = port_io(b, bytes + at, len - at, small, &i);
	if (ok)
		*out = i;
	return ok;
}
