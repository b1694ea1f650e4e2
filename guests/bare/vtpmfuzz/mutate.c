/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The rules by which TPM commands are mutated, on the host and in the guest (mutate.h). */
#include "bare/vtpmfuzz/mutate.h"
#include "bare/vtpmfuzz/tpm_record.h"
#include "abi/vtpm.h"
#include "lib/string.h"

#define AT_SIZE   2
#define AT_CODE   6
#define AT_BODY   10
#define CODE_LAST 0x198
#define CODE_0    0x11f

static const uint32_t handles[] = {
	0x40000001, 0x40000007, 0x40000009, 0x4000000a, 0x4000000b, 0x4000000c, /* permanent */
	0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80fffffe, 0x81000000, /* objects */
	0x81000001, 0x81000002, 0x81000003, 0x81000004, 0x81000005, 0x81800000,
	0x01800001, 0x01800002, 0x01800003, 0x01800004, 0x01800010, 0x01c00002, /* NV */
	0x02000000, 0x02000001, 0x03000000, 0x03000001, 0x0200003f, 0x03000040, /* sessions */
	0x00000000, 0x00000010, 0x00000011, 0x00000017, 0x00000018, 0x00000001, /* PCRs */
	0x40000000, 0x4000000d, 0x40000110, 0x4000011f, 0x90000000, 0xffffffff,
};

static const uint16_t words[] = {
	0x0000, 0x0001, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008, 0x000a, 0x000b, 0x000c, 0x000d,
	0x0010, 0x0014, 0x0015, 0x0016, 0x0017, 0x0018, 0x0019, 0x001a, 0x001b, 0x001c, 0x001d,
	0x0020, 0x0021, 0x0022, 0x0023, 0x0025, 0x0040, 0x0042, 0x0043, 0x0044, 0x0080, 0x00ff,
	0x0100, 0x0400, 0x0800, 0x1000, 0x7fff, 0x8000, 0x8002, 0x8021, 0x8024, 0xfffe, 0xffff,
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A position where n bytes fit; the body when it can be. */
static uint32_t place(struct mutate_rng *r, uint32_t len, uint32_t n)
{
	uint32_t first = len >= AT_BODY + n && mutate_below(r, 8) ? AT_BODY : 0;

	return first + mutate_below(r, len - n - first + 1);
}

/* Flips a bit, or sets a byte. */
static void change_bytes(struct mutate_rng *r, uint8_t *c, uint32_t len)
{
	uint32_t at = place(r, len, 1);

	if (mutate_below(r, 2))
		c[at] ^= (uint8_t)BIT(mutate_below(r, 8));
	else
		c[at] = (uint8_t)mutate_random(r);
}

/*
 * Sizes and algorithms are 16-bit words. Most mistakes of a parser are in sizes that are nearly
 * right.
 */
static void change_word(struct mutate_rng *r, uint8_t *c, uint32_t len)
{
	uint32_t at = place(r, len, 2);

	switch (mutate_below(r, 4)) {
	case 0: /* a size that is off by a little */
		put16(c + at, record_be16(c + at) + mutate_below(r, 5) - 2);
		break;
	case 1: /* the size that reaches to the end */
		put16(c + at, len - at - 2 + mutate_below(r, 3) - 1);
		break;
	default:
		put16(c + at, words[mutate_below(r, ARRAY_LEN(words))]);
	}
}

/* Sets a handle that may exist, where handles stand: behind the header. */
static void change_handle(struct mutate_rng *r, uint8_t *c, uint32_t len)
{
	uint32_t at = AT_BODY + 4 * mutate_below(r, 3);

	if (mutate_below(r, 8) == 0)
		at = place(r, len, 4);
	if (at + 4 <= len)
		record_set_be32(c + at, handles[mutate_below(r, ARRAY_LEN(handles))]);
}

/* Another tag, or another command code with the same parameters. */
static void change_head(struct mutate_rng *r, uint8_t *c, uint32_t len)
{
	if (len < AT_BODY)
		return;
	if (mutate_below(r, 4) == 0)
		put16(c, TPM_ST_NO_SESSIONS + mutate_below(r, 3));
	else
		record_set_be32(c + AT_CODE, CODE_0 + mutate_below(r, CODE_LAST - CODE_0 + 2));
}

/*
 * Inserts bytes, of one value or copied from the command itself; mostly a few, now and then many.
 */
static uint32_t insert(struct mutate_rng *r, uint8_t *c, uint32_t len, uint32_t room)
{
	uint32_t at = place(r, len, 0);
	uint32_t n = 1 + mutate_below(r, mutate_below(r, 16) ? 16 : 2048);
	uint8_t with = (uint8_t)mutate_random(r);
	bool copy = mutate_below(r, 2);

	n = MIN(n, room - len);
	memmove(c + at + n, c + at, len - at);
	for (uint32_t i = 0; i < n; i++)
		c[at + i] = copy && len ? c[(at + n + i) % (len + n)] : with;
	return len + n;
}

/* Takes bytes out, or all from a position on. */
static uint32_t cut(struct mutate_rng *r, uint8_t *c, uint32_t len)
{
	uint32_t at = place(r, len, 1);
	uint32_t n = 1 + mutate_below(r, MIN(len - at, 32u));

	if (mutate_below(r, 4) == 0)
		return at; /* all the rest */
	memmove(c + at, c + at + n, len - at - n);
	return len - n;
}

/* Takes an authorization area in or out behind one, two or three handles. */
static uint32_t change_auth(struct mutate_rng *r, uint8_t *c, uint32_t len, uint32_t room)
{
	static const uint8_t area[] = {0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 1, 0, 0};
	uint32_t at = AT_BODY + 4 * mutate_below(r, 4);

	if (len < at || len + sizeof(area) > room)
		return len;
	put16(c, TPM_ST_NO_SESSIONS + 1);
	memmove(c + at + sizeof(area), c + at, len - at);
	memcpy(c + at, area, sizeof(area));
	if (mutate_below(r, 2))
		record_set_be32(c + at + 4, handles[mutate_below(r, ARRAY_LEN(handles))]);
	if (mutate_below(r, 2))
		c[at + 10] = (uint8_t)mutate_random(r); /* the session's attributes */
	return len + (uint32_t)sizeof(area);
}

/* One mutation. A command too short for the others can only grow. */
static uint32_t once(struct mutate_rng *r, uint8_t *c, uint32_t len, uint32_t room)
{
	if (len < 4)
		return insert(r, c, len, room);
	switch (mutate_below(r, 10)) {
	case 0:
		return insert(r, c, len, room);
	case 1:
		return cut(r, c, len);
	case 2:
		return change_auth(r, c, len, room);
	case 3:
		change_head(r, c, len);
		break;
	case 4:
	case 5:
		change_handle(r, c, len);
		break;
	case 6:
	case 7:
		change_word(r, c, len);
		break;
	default:
		change_bytes(r, c, len);
	}
	return len;
}

/* Most commands get a right size, or the TPM would refuse them before it reads a parameter. */
void mutate_fix_size(struct mutate_rng *r, uint8_t *command, uint32_t len)
{
	if (len >= AT_CODE && mutate_below(r, 16))
		record_set_be32(command + AT_SIZE, len);
}

uint32_t mutate_command(struct mutate_rng *r, uint8_t *command, uint32_t len, uint32_t room)
{
	unsigned n = 1 + mutate_below(r, 4);

	while (n--)
		len = once(r, command, len, room);
	mutate_fix_size(r, command, len);
	return len;
}
