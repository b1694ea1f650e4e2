/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A decoder for MOV and MOVZX with a memory operand, in 64-bit mode. It reads no byte beyond those
 * it is given. */
#include "lib/insn/move.h"

#define REX_W 8
#define REX_R 4
#define REX_X 2
#define REX_B 1

struct cursor {
	const uint8_t *bytes;
	size_t at, n; /* n: 15 at most */
	struct insn_prefixes prefix;
	bool ended; /* a byte was needed that is not there */
};

/* The next bytes as a number, the lowest first. */
static uint64_t take(struct cursor *c, unsigned size)
{
	uint64_t value = 0;

	if (c->n - c->at < size) {
		c->ended = true;
		return 0;
	}
	for (unsigned k = 0; k < size; k++)
		value |= (uint64_t)c->bytes[c->at++] << 8 * k;
	return value;
}

static int64_t take_signed(struct cursor *c, unsigned size)
{
	uint64_t value = take(c, size);

	return size == 1 ? (int8_t)value : size == 4 ? (int32_t)value : (int64_t)value;
}

static uint8_t extended(const struct cursor *c, unsigned low, unsigned rex_bit)
{
	return (uint8_t)(low | (c->prefix.rex & rex_bit ? 8 : 0));
}

/* REX.W counts before 66. */
static uint8_t operand_size(const struct cursor *c)
{
	return c->prefix.rex & REX_W ? 8 : c->prefix.data ? 2 : 4;
}

/* Base 101b without a displacement by mod means a displacement alone; index 100b none, whatever
 * base: APM vol. 3, table 1-12. */
static void sib(struct cursor *c, struct insn_move *i, unsigned mod, unsigned *displacement)
{
	unsigned byte = (unsigned)take(c, 1), index = extended(c, byte >> 3 & 7, REX_X);

	i->scale = (uint8_t)(byte >> 6);
	i->index = index == 4 ? INSN_NO_REG : (uint8_t)index;
	if ((byte & 7) == 5 && mod == 0)
		*displacement = 4;
	else
		i->base = extended(c, byte & 7, REX_B);
}

/* False: a register operand. *field: the middle field, without REX. */
static bool modrm(struct cursor *c, struct insn_move *i, unsigned *field)
{
	unsigned byte = (unsigned)take(c, 1), mod = byte >> 6, rm = byte & 7;
	unsigned displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;

	*field = byte >> 3 & 7;
	if (mod == 3)
		return false;
	if (rm == 4) {
		sib(c, i, mod, &displacement);
	} else if (rm == 5 && mod == 0) {
		i->base = INSN_RIP;
		displacement = 4;
	} else {
		i->base = extended(c, rm, REX_B);
	}
	i->displacement = take_signed(c, displacement);
	return true;
}

/* Without a REX 4 to 7 of a byte's registers are the upper bytes of the first four. */
static bool with_register(struct cursor *c, struct insn_move *i)
{
	unsigned field;
	bool memory = modrm(c, i, &field);

	i->reg = extended(c, field, REX_R);
	i->high = i->reg_width == 1 && !c->prefix.rex && field >= 4;
	if (i->high)
		i->reg = (uint8_t)(field - 4);
	return memory;
}

/* C6 and C7 /0: the immediate has 32 bits at most and is sign-extended to 64. */
static bool with_immediate(struct cursor *c, struct insn_move *i)
{
	unsigned field;
	bool memory = modrm(c, i, &field);

	i->is_immediate = true;
	i->reg_width = 0;
	i->immediate = (uint64_t)take_signed(c, MIN(i->width, 4));
	if (i->width < 8)
		i->immediate &= BIT(8 * i->width) - 1;
	return memory && field == 0;
}

/* A0 to A3: rAX and an address of the address size behind the opcode. */
static bool with_offset(struct cursor *c, struct insn_move *i)
{
	i->displacement = (int64_t)take(c, i->address);
	return true;
}

/* B6: of a byte; B7: of a word. */
static bool zero_extended(struct cursor *c, struct insn_move *i)
{
	unsigned op = (unsigned)take(c, 1);

	if (op != 0xb6 && op != 0xb7)
		return false;
	i->width = op == 0xb6 ? 1 : 2;
	i->reg_width = operand_size(c);
	return with_register(c, i);
}

/* The opcode's lowest bit: an operand of more than a byte. */
static bool decode(struct cursor *c, struct insn_move *i)
{
	unsigned op = (unsigned)take(c, 1);

	i->width = i->reg_width = op & 1 ? operand_size(c) : 1;
	switch (op) {
	case 0x0f:
		return zero_extended(c, i);
	case 0x88:
	case 0x89:
		i->store = true;
		return with_register(c, i);
	case 0x8a:
	case 0x8b:
		return with_register(c, i);
	case 0xa0 ... 0xa3:
		i->store = op & 2;
		return with_offset(c, i);
	case 0xc6:
	case 0xc7:
		i->store = true;
		return with_immediate(c, i);
	default:
		return false;
	}
}

struct insn_move decode_move(const uint8_t *bytes, size_t n)
{
	struct cursor c = {.bytes = bytes, .n = MIN(n, (size_t)INSN_MAX)};
	struct insn_move i = {.base = INSN_NO_REG, .index = INSN_NO_REG}, none = {.length = 0};

	prefixes_read(&c.prefix, bytes, c.n, INSN_MODE64);
	c.at = c.prefix.length;
	i.segment = c.prefix.segment;
	i.address = c.prefix.address ? 4 : 8;
	if (c.prefix.lock || c.prefix.rep || !decode(&c, &i) || c.ended)
		return none;
	i.length = (uint8_t)c.at;
	return i;
}
