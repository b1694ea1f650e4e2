/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A decoder for the few instructions that the machine completes in a guest's name. It knows the
 * prefixes, REX and the opcodes of these alone; every other instruction is INSN_UNKNOWN.
 */
#include "machine/cpu/decode.h"

struct cursor {
	const uint8_t *bytes;
	unsigned at, n;
	bool mode64;
	uint8_t rep; /* the last F2 or F3 prefix, which is the one that counts */
	uint8_t rex;
	bool addr; /* 67 prefix */
	bool lock; /* F0 prefix */
};

/* The next byte; -1 behind the bytes that were fetched, and behind the 15 that an instruction
 * may have. */
static int next(struct cursor *c)
{
	return c->at < c->n && c->at < INSN_MAX ? c->bytes[c->at++] : -1;
}

/* Note a prefix that changes what an instruction means. False: b is none. */
static bool is_prefix(struct cursor *c, int b)
{
	switch (b) {
	case 0xf2:
	case 0xf3:
		c->rep = (uint8_t)b;
		return true;
	case 0x67:
		c->addr = true;
		return true;
	case 0xf0:
		c->lock = true;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
		return true;
	default:
		return false;
	}
}

/* The opcode's first byte; a REX prefix counts only right before it. */
static int opcode(struct cursor *c)
{
	int b;

	do {
		b = next(c);
	} while (b >= 0 && is_prefix(c, b));
	while (c->mode64 && b >= 0x40 && b <= 0x4f) {
		c->rex = (uint8_t)b;
		b = next(c);
		if (b >= 0 && is_prefix(c, b)) {
			c->rex = 0;
			return opcode(c);
		}
	}
	return b;
}

/* Most of what SEV-SNP added lies in this group, told apart by the prefix: APM vol. 3, appendix
 * A. */
static enum insn_kind group_0f01(const struct cursor *c, int modrm, struct insn *i)
{
	if (modrm == 0xd9)
		return c->rep ? INSN_VMGEXIT : INSN_VMMCALL;
	if (modrm == 0xff && c->rep == 0xf2)
		return INSN_PVALIDATE;
	if (modrm == 0xfe && c->rep == 0xf3)
		return INSN_RMPADJUST;
	if (modrm == 0xfd && c->rep == 0xf3)
		return INSN_RMPQUERY;
	if (modrm == 0xfe && !c->rep)
		return INSN_INVLPGB;
	if (modrm == 0xff && !c->rep)
		return INSN_TLBSYNC;
	if ((modrm & 0xf8) == 0xf0) { /* mod 3, /6 */
		i->rm = (uint8_t)((modrm & 7) | (c->rex & 1) << 3);
		return INSN_LMSW;
	}
	return INSN_UNKNOWN;
}

/* The mod field counts for nothing here: the operand is a register whatever it says. CR0 behind a
 * LOCK prefix is CR8, which has no other name outside 64-bit mode: APM vol. 3, MOV CRn. */
static enum insn_kind move_special(struct cursor *c, int op, struct insn *i)
{
	static const enum insn_kind kinds[4] = {INSN_MOV_FROM_CR, INSN_MOV_FROM_DR, INSN_MOV_TO_CR,
						INSN_MOV_TO_DR};
	int modrm = next(c);

	if (modrm < 0)
		return INSN_UNKNOWN;
	i->reg = (uint8_t)((modrm >> 3 & 7) | (c->rex & 4) << 1);
	i->rm = (uint8_t)((modrm & 7) | (c->rex & 1) << 3);
	if (c->lock && !(op & 1) && i->reg == 0)
		i->reg = 8;
	return kinds[op & 3];
}

static enum insn_kind two_byte(struct cursor *c, struct insn *i)
{
	int op = next(c), modrm;

	switch (op) {
	case 0x01:
		modrm = next(c);
		return modrm < 0 ? INSN_UNKNOWN : group_0f01(c, modrm, i);
	case 0x06:
		return INSN_CLTS;
	case 0x20:
	case 0x21:
	case 0x22:
	case 0x23:
		return move_special(c, op, i);
	case 0x30:
		return INSN_WRMSR;
	case 0x32:
		return INSN_RDMSR;
	case 0xa2:
		return INSN_CPUID;
	default:
		return INSN_UNKNOWN;
	}
}

struct insn decode_insn(const uint8_t *bytes, unsigned n, bool mode64)
{
	struct cursor c = {.bytes = bytes, .n = n, .mode64 = mode64};
	struct insn i = {.kind = INSN_UNKNOWN};

	switch (opcode(&c)) {
	case 0x0f:
		i.kind = two_byte(&c, &i);
		break;
	case 0x90:
		i.kind = c.rep == 0xf3 ? INSN_PAUSE : INSN_UNKNOWN;
		break;
	case 0xf4:
		i.kind = INSN_HLT;
		break;
	}
	i.length = (uint8_t)c.at;
	i.addr32 = mode64 && c.addr;
	return i;
}
