/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "cpu/random.h"
#include "lib/string.h"
#include "platform/platform.h"

/* APM vol. 3, RDRAND: CF = 0 while the generator is drained. Intel's advice for both: try again ten
 * times; RDSEED is slower, so more often, and then RDRAND will do, which it reseeds. */
#define RDRAND_TRIES 16
#define RDSEED_TRIES 64

#define HAS_RDRAND   BIT(30) /* leaf 1, ECX */
#define HAS_RDSEED   BIT(18) /* leaf 7, EBX */

static bool rdrand(uint64_t *v)
{
	uint8_t ok = 0;

	for (unsigned i = 0; i < RDRAND_TRIES && !ok; i++)
		__asm__ volatile("rdrand %0\nsetc %1" : "=r"(*v), "=qm"(ok) : : "cc");
	return ok;
}

static bool rdseed(uint64_t *v)
{
	uint8_t ok = 0;

	for (unsigned i = 0; i < RDSEED_TRIES && !ok; i++)
		__asm__ volatile("rdseed %0\nsetc %1" : "=r"(*v), "=qm"(ok) : : "cc");
	return ok;
}

/* Some AMD processors gave all ones for ever, and said that it was fine: erratum of family 17h. */
static bool draw(bool seed, uint64_t *v)
{
	return ((seed && rdseed(v)) || rdrand(v)) && *v != ~0ull;
}

bool random_fill(void *to, size_t len)
{
	static uint8_t features; /* 1: known, 2: RDRAND, 4: RDSEED */
	uint64_t v;

	if (!features) {
		uint32_t r1[4], r7[4];

		platform->cpuid(1, 0, r1);
		platform->cpuid(7, 0, r7);
		features = 1 | (r1[2] & HAS_RDRAND ? 2 : 0) | (r7[1] & HAS_RDSEED ? 4 : 0);
	}
	if (!(features & 2))
		return false;
	for (size_t at = 0; at < len; at += sizeof(v)) {
		if (!draw(features & 4, &v))
			return false;
		memcpy((char *)to + at, &v, MIN(sizeof(v), len - at));
	}
	return true;
}
