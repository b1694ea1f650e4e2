/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A decoder for the few instructions that are completed in software: AMD APM vol. 3, chapter 3 and
 * 4, appendix A. It reads no byte beyond those it is given.
 */
#include "lib/insn/decode.h"

struct cursor {
	const uint8_t *bytes;
	size_t at, n; /* n: 15 at most */
	struct insn_prefixes prefix;
	enum insn_mode mode;
	bool ended; /* a byte was needed that is not there */
};

static int next(struct cursor *c)
{
	if (c->at < c->n)
		return c->bytes[c->at++];
	c->ended = true;
	return -1;
}

/* Most of what SEV-SNP added lies in this group, told apart by F2 and F3: APM vol. 3, appendix A.
 * No form has a 66, so one that stands there means nothing. */
static enum insn_kind group_0f01(struct cursor *c, struct insn *i)
{
	uint8_t rep = c->prefix.rep;
	int modrm = next(c);

	switch (modrm) {
	case 0xc8:
		return INSN_MONITOR;
	case 0xc9:
		return INSN_MWAIT;
	case 0xd9:
		return rep ? INSN_VMGEXIT : INSN_VMMCALL;
	case 0xf0 ... 0xf7: /* mod 3, /6 */
		i->rm = (uint8_t)((modrm & 7) | (c->prefix.rex & 1) << 3);
		return INSN_LMSW;
	case 0xf9:
		return INSN_RDTSCP;
	case 0xfd:
		return rep == 0xf3 ? INSN_RMPQUERY : INSN_UNKNOWN;
	case 0xfe:
		return rep == 0xf3 ? INSN_RMPADJUST : rep ? INSN_UNKNOWN : INSN_INVLPGB;
	case 0xff:
		return rep == 0xf2 ? INSN_PVALIDATE : rep ? INSN_UNKNOWN : INSN_TLBSYNC;
	default:
		return INSN_UNKNOWN;
	}
}

/*
 * The mod field counts for nothing here: the operand is a register whatever it says. LOCK stands
 * for the upper bit of a control register's number, so that CR8 has a name outside 64-bit mode:
 * APM vol. 3, MOV CRn.
 */
static enum insn_kind move_special(struct cursor *c, int op, struct insn *i)
{
	static const enum insn_kind kinds[4] = {INSN_MOV_FROM_CR, INSN_MOV_FROM_DR, INSN_MOV_TO_CR,
						INSN_MOV_TO_DR};
	static const uint16_t exist[2] = {BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(8), 0xff};
	int modrm = next(c);

	if (modrm < 0)
		return INSN_UNKNOWN;
	i->reg = (uint8_t)((modrm >> 3 & 7) | (c->prefix.rex & 4) << 1);
	i->rm = (uint8_t)((modrm & 7) | (c->prefix.rex & 1) << 3);
	if (c->prefix.lock && !(op & 1)) {
		i->reg |= 8;
		c->prefix.lock = false;
	}
	return exist[op & 1] >> i->reg & 1 ? kinds[op & 3] : INSN_UNDEFINED;
}

static enum insn_kind two_byte(struct cursor *c, struct insn *i)
{
	int op = next(c);

	switch (op) {
	case 0x01:
		return group_0f01(c, i);
	case 0x06:
		return INSN_CLTS;
	case 0x08:
		return INSN_INVD;
	case 0x09:
		return c->prefix.rep == 0xf3 ? INSN_WBNOINVD : INSN_WBINVD;
	case 0x20 ... 0x23:
		return move_special(c, op, i);
	case 0x30:
		return INSN_WRMSR;
	case 0x31:
		return INSN_RDTSC;
	case 0x32:
		return INSN_RDMSR;
	case 0x33:
		return INSN_RDPMC;
	case 0xa2:
		return INSN_CPUID;
	default:
		return INSN_UNKNOWN;
	}
}

/* Bytes by the opcode's bit 0. No port takes 64 bits at once: with REX.W it is 32, and 66 does not
 * count then. */
static uint8_t port_width(const struct cursor *c, int op)
{
	bool narrow = c->prefix.data != (c->mode == INSN_MODE16);

	if (!(op & 1))
		return 1;
	return narrow && !(c->prefix.rex & 8) ? 2 : 4;
}

/* E4..E7: the port in the next byte; EC..EF: in DX. Opcode bit 1: OUT. */
static enum insn_kind port(struct cursor *c, int op, struct insn *i)
{
	i->width = port_width(c, op);
	i->by_dx = op & 8;
	if (!i->by_dx)
		i->port = (uint8_t)next(c);
	return op & 2 ? INSN_OUT : INSN_IN;
}

/* 6C..6F. F2 repeats these as F3 does. */
static enum insn_kind string(const struct cursor *c, int op, struct insn *i)
{
	i->width = port_width(c, op);
	i->by_dx = true;
	i->repeat = c->prefix.rep;
	i->segment = op & 2 ? c->prefix.segment : INSN_ES;
	return op & 2 ? INSN_OUTS : INSN_INS;
}

static enum insn_kind one_byte(struct cursor *c, struct insn *i)
{
	int op = next(c);

	switch (op) {
	case 0x0f:
		return two_byte(c, i);
	case 0x6c ... 0x6f:
		return string(c, op, i);
	case 0x90:
		return c->prefix.rep == 0xf3 ? INSN_PAUSE : INSN_UNKNOWN;
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
		return port(c, op, i);
	case 0xf4:
		return INSN_HLT;
	default:
		return INSN_UNKNOWN;
	}
}

/* 67 makes 4 bytes of 8 and of 2, and 2 of 4. */
static uint8_t address_size(const struct cursor *c)
{
	return c->prefix.address ? (c->mode == INSN_MODE32 ? 2 : 4) : c->mode;
}

static bool is_undefined(const struct cursor *c, enum insn_kind k)
{
	return c->prefix.lock ||
	       ((k == INSN_RMPADJUST || k == INSN_RMPQUERY) && c->mode != INSN_MODE64);
}

struct insn decode_insn(const uint8_t *bytes, size_t n, enum insn_mode mode)
{
	struct cursor c = {.bytes = bytes, .n = MIN(n, (size_t)INSN_MAX), .mode = mode};
	struct insn i = {.kind = INSN_UNKNOWN}, none = i;

	prefixes_read(&c.prefix, bytes, c.n, mode);
	c.at = c.prefix.length;
	i.kind = one_byte(&c, &i);
	if (c.ended && c.n == INSN_MAX)
		none.kind = INSN_TOO_LONG;
	if (c.ended || i.kind == INSN_UNKNOWN)
		return none;
	if (is_undefined(&c, i.kind))
		i.kind = INSN_UNDEFINED;
	i.length = (uint8_t)c.at;
	i.address = address_size(&c);
	return i;
}
