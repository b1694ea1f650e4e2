/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The firmware's string functions against the host's, at random lengths, alignments and overlaps.
 * They are compiled here under other names, since the host has its own.
 *
 * sources:
 */
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

#define memcpy  fw_memcpy
#define memmove fw_memmove
#define memset  fw_memset
#define memcmp  fw_memcmp
#define strlen  fw_strlen
#define strnlen fw_strnlen
#define strcmp  fw_strcmp
#define strncmp fw_strncmp
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp

#define SIZE   200
#define ROUNDS 20000

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void fill(uint8_t *a, uint8_t *b, uint32_t *seed)
{
	for (unsigned i = 0; i < SIZE; i++)
		a[i] = b[i] = (uint8_t)check_random(seed);
}

TEST(move_and_set)
{
	uint8_t a[SIZE], b[SIZE];
	uint32_t seed = 1;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = check_random(&seed) % (SIZE / 2),
			 from = check_random(&seed) % (SIZE / 2),
			 to = check_random(&seed) % (SIZE / 2);

		fill(a, b, &seed);
		check_context("%u bytes from %u to %u", n, from, to);
		fw_memmove(a + to, a + from, n);
		memmove(b + to, b + from, n);
		if (!CHECK_MEM(a, b, SIZE))
			return;
		fw_memset(a + from, (int)seed, n);
		memset(b + from, (int)seed, n);
		if (!CHECK_MEM(a, b, SIZE))
			return;
	}
}

TEST(copy_stays_inside)
{
	for (unsigned n = 0; n < 70; n++) {
		uint8_t *a = malloc(n + 1), *b = malloc(n + 1); /* ASan guards both ends */

		memset(b, (int)n, n);
		fw_memcpy(a, b, n);
		CHECK_MEM(a, b, n);
		fw_memset(a, 1, n);
		CHECK_EQ(fw_memcmp(a, a, n), 0);
		free(a);
		free(b);
	}
}

TEST(compare)
{
	uint8_t a[SIZE], b[SIZE];
	uint32_t seed = 7;

	for (unsigned round = 0; round < ROUNDS; round++) {
		fill(a, b, &seed);
		b[check_random(&seed) % SIZE] = (uint8_t)check_random(&seed);
		if (!CHECK_EQ(sign(fw_memcmp(a, b, SIZE)), sign(memcmp(a, b, SIZE))))
			return;
	}
}

TEST(strings)
{
	const char *s[] = {"", "a", "ab", "abc", "abd", "\xff", "abcdefghijk"};

	for (unsigned i = 0; i < 7; i++) {
		CHECK_EQ(fw_strlen(s[i]), strlen(s[i]));
		CHECK_EQ(fw_strnlen(s[i], 2), strnlen(s[i], 2));
		for (unsigned j = 0; j < 7; j++) {
			check_context("%s and %s", s[i], s[j]);
			CHECK_EQ(sign(fw_strcmp(s[i], s[j])), sign(strcmp(s[i], s[j])));
			CHECK_EQ(sign(fw_strncmp(s[i], s[j], 2)), sign(strncmp(s[i], s[j], 2)));
		}
	}
}
