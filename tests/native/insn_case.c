/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#include "tests/native/insn_case.h"
#include "tests/native/check.h"

#include <string.h>

static const uint8_t legacy[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};

static bool is_legacy(uint8_t b)
{
	return memchr(legacy, b, sizeof(legacy));
}

static bool is_rex(uint8_t b, enum insn_mode mode)
{
	return mode == INSN_MODE64 && (b & 0xf0) == 0x40;
}

static void add(struct insn_case *i, uint8_t b)
{
	if (i->n < INSN_CASE)
		i->b[i->n++] = b;
}

/* Mostly few, sometimes so many that the instruction is too long. LOCK is rare, or nearly
 * everything would be #UD. */
static void add_prefixes(struct insn_case *i, uint32_t *seed)
{
	unsigned n = check_random(seed) % 8 ? check_random(seed) % 5 : check_random(seed) % 16;

	while (n--) {
		uint8_t b = legacy[check_random(seed) % sizeof(legacy)];

		if (check_random(seed) % 8 == 0)
			b = 0x40 | (check_random(seed) & 15);
		if (b != 0xf0 || check_random(seed) % 4 == 0)
			add(i, b);
	}
	if (check_random(seed) % 3 == 0)
		add(i, 0x40 | (check_random(seed) & 15));
}

/* Those that the decoder knows, their neighbours, and any others but D5, which is a prefix for some
 * objdumps and for no processor of AMD's. */
static void add_opcode(struct insn_case *i, uint32_t *seed, enum insn_mode mode)
{
	static const uint8_t one[] = {0x6c, 0x6d, 0x6e, 0x6f, 0x90, 0xe4, 0xe5, 0xe6,
				      0xe7, 0xec, 0xed, 0xee, 0xef, 0xf4, 0x6b, 0x70,
				      0x91, 0xe3, 0xe8, 0xf5, 0xf1, 0x0f, 0xcc, 0xcd};
	static const uint8_t two[] = {0x01, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23,
				      0x30, 0x31, 0x32, 0x33, 0xa2, 0x00, 0x05, 0x07,
				      0x0b, 0x24, 0x26, 0x34, 0xa1, 0xa3};
	static const uint8_t group[] = {0xc8, 0xc9, 0xd9, 0xf4, 0xf9, 0xfd, 0xfe, 0xff};
	uint32_t r = check_random(seed);
	uint8_t b = (uint8_t)(r >> 8);

	switch (r % 8) {
	case 0:
		add(i, b == 0xd5 || is_legacy(b) || is_rex(b, mode) ? 0x90 : b);
		break;
	case 1:
		add(i, 0x0f);
		add(i, b);
		break;
	case 2 ... 3:
		add(i, one[b % sizeof(one)]);
		break;
	case 4 ... 5:
		add(i, 0x0f);
		add(i, two[b % sizeof(two)]);
		break;
	default:
		add(i, 0x0f);
		add(i, 0x01);
		add(i, r & BIT(16) ? group[b % sizeof(group)] : 0xc0 | (b & 0x3f));
	}
}

struct insn_case insn_case_make(uint32_t *seed, enum insn_mode mode)
{
	struct insn_case i = {.n = 0};

	add_prefixes(&i, seed);
	add_opcode(&i, seed, mode);
	add(&i, (uint8_t)check_random(seed));
	return i;
}

struct insn_case insn_case_make_move(uint32_t *seed)
{
	static const uint8_t one[] = {0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3,
				      0xc6, 0xc7, 0x87, 0x8c, 0x8d, 0x8e, 0xa4, 0xb8};
	static const uint8_t two[] = {0xb6, 0xb7, 0xbe, 0xbf};
	struct insn_case i = {.n = 0};
	uint32_t r = check_random(seed);

	add_prefixes(&i, seed);
	if (r % 4 == 0)
		add(&i, 0x0f);
	add(&i, r % 4 ? one[(r >> 8) % sizeof(one)] : two[(r >> 8) % sizeof(two)]);
	add(&i, (uint8_t)check_random(seed)); /* ModRM; often memory, and often /0 */
	if (check_random(seed) % 2)
		i.b[i.n - 1] &= check_random(seed) % 2 ? 0x7f : 0x47;
	for (unsigned k = 0; k < 10; k++)
		add(&i, (uint8_t)check_random(seed));
	return i;
}

/* Of what stands before `end`: the bytes for which `drop` says no. Returns how many went. */
static unsigned leave_out(struct insn_case *i, unsigned end, const bool *drop)
{
	unsigned to = 0;

	for (unsigned at = 0; at < i->n; at++)
		if (at >= end || !drop[at])
			i->b[to++] = i->b[at];
	end = i->n - to;
	i->n = to;
	return end;
}

unsigned insn_case_opcode(const struct insn_case *i, enum insn_mode mode)
{
	unsigned at = 0;

	while (at < i->n && (is_legacy(i->b[at]) || is_rex(i->b[at], mode)))
		at++;
	return at;
}

static unsigned drop_idle_rex(struct insn_case *i, enum insn_mode mode)
{
	unsigned end = insn_case_opcode(i, mode);
	bool drop[INSN_CASE] = {false};

	for (unsigned at = 0; at + 1 < end; at++)
		drop[at] = is_rex(i->b[at], mode);
	return leave_out(i, end, drop);
}

static unsigned drop_repeated(struct insn_case *i, enum insn_mode mode)
{
	unsigned end = insn_case_opcode(i, mode);
	bool drop[INSN_CASE] = {false};

	for (unsigned at = 0; at < end; at++)
		drop[at] = memchr(i->b + at + 1, i->b[at], end - at - 1);
	return leave_out(i, end, drop);
}

/* F2 or F3, whichever comes last; 0: neither. */
static uint8_t repeat_of(const struct insn_case *i, unsigned end)
{
	uint8_t rep = 0;

	for (unsigned at = 0; at < end; at++)
		if (i->b[at] == 0xf2 || i->b[at] == 0xf3)
			rep = i->b[at];
	return rep;
}

static unsigned drop_idle_66(struct insn_case *i, enum insn_mode mode)
{
	unsigned end = insn_case_opcode(i, mode);
	bool two = i->b[end] == 0x0f, group = two && i->b[end + 1] == 0x01,
	     cache = two && i->b[end + 1] == 0x09, drop[INSN_CASE] = {false};
	uint8_t rep = repeat_of(i, end);

	for (unsigned at = 0; at < end; at++) {
		uint8_t b = i->b[at];

		if (cache && rep == 0xf2)
			drop[at] = b == 0x66 || b == 0xf2 || b == 0xf3;
		else
			drop[at] = (group || cache) && !rep && b == 0x66;
	}
	return leave_out(i, end, drop);
}

unsigned insn_case_for_judge(struct insn_case *i, enum insn_mode mode)
{
	bool is_long = i->n > INSN_MAX;
	unsigned n = drop_idle_rex(i, mode) + drop_idle_66(i, mode);

	return n + (is_long ? drop_repeated(i, mode) : 0);
}
