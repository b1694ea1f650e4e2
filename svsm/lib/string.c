/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The few functions of <string.h> that a freestanding image needs. The compiler calls memcpy and
 * memset by itself, so these must work before anything is initialised, and must not use what they
 * implement.
 */
#include "lib/string.h"

/* Otherwise GCC turns the loops below into calls of the very functions that they implement. clang
 * leaves loops alone where it is told -ffreestanding. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Eight bytes at any address, which may alias any type. */
typedef struct {
	uint64_t v;
} PACKED __attribute__((may_alias)) word_t;

#define WORD sizeof(word_t)

/* Loops over words instead of REP MOVSB, which an emulated CPU executes one byte at a time. */
static void copy_up(uint8_t *d, const uint8_t *s, size_t n)
{
	for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
		uint64_t a = ((const word_t *)s)[0].v, b = ((const word_t *)s)[1].v;
		uint64_t c = ((const word_t *)s)[2].v, e = ((const word_t *)s)[3].v;

		((word_t *)d)[0].v = a;
		((word_t *)d)[1].v = b;
		((word_t *)d)[2].v = c;
		((word_t *)d)[3].v = e;
	}
	for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
		((word_t *)d)->v = ((const word_t *)s)->v;
	while (n--)
		*d++ = *s++;
}

static void copy_down(uint8_t *d, const uint8_t *s, size_t n)
{
	for (; n >= WORD; n -= WORD)
		((word_t *)(d + n - WORD))->v = ((const word_t *)(s + n - WORD))->v;
	while (n--)
		d[n] = s[n];
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* Unsigned: also true when dst lies below src, where copying upwards is right. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		copy_up(dst, src, n);
	else
		copy_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	uint64_t w = (uint8_t)c * 0x0101010101010101ull;
	uint8_t *d = dst;

	for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD) {
		((word_t *)d)[0].v = w;
		((word_t *)d)[1].v = w;
		((word_t *)d)[2].v = w;
		((word_t *)d)[3].v = w;
	}
	for (; n >= WORD; n -= WORD, d += WORD)
		((word_t *)d)->v = w;
	while (n--)
		*d++ = (uint8_t)c;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *p = a, *q = b;

	while (n >= WORD && ((const word_t *)p)->v == ((const word_t *)q)->v) {
		p += WORD;
		q += WORD;
		n -= WORD;
	}
	for (; n--; p++, q++) {
		if (*p != *q)
			return *p < *q ? -1 : 1;
	}
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n--; a++, b++) {
		if (*a != *b)
			return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
		if (!*a)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}
