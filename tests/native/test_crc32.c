/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * CRC-32: the known check values, and pieces against the whole.
 *
 * sources: svsm/lib/crc32.c
 */
#include "tests/native/check.h"
#include "lib/crc32.h"

#include <string.h>

static uint32_t crc(const char *s)
{
	return crc32_update(0, s, strlen(s));
}

TEST(known_values)
{
	CHECK_EQ(crc(""), 0);
	CHECK_EQ(crc("a"), 0xe8b7be43);
	CHECK_EQ(crc("123456789"), 0xcbf43926);
	CHECK_EQ(crc("The quick brown fox jumps over the lazy dog"), 0x414fa339);
}

TEST(zeroes_and_ones)
{
	uint8_t b[32];

	memset(b, 0, sizeof(b));
	CHECK_EQ(crc32_update(0, b, sizeof(b)), 0x190a55ad);
	memset(b, 0xff, sizeof(b));
	CHECK_EQ(crc32_update(0, b, sizeof(b)), 0xff6cab0b);
}

TEST(any_split_gives_the_same)
{
	uint8_t data[97];
	uint32_t seed = 1, whole;

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = check_random(&seed);
	whole = crc32_update(0, data, sizeof(data));
	for (unsigned i = 0; i <= sizeof(data); i++)
		CHECK_EQ(crc32_update(crc32_update(0, data, i), data + i, sizeof(data) - i), whole);
}
