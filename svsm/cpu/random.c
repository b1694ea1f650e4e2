/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Random numbers for services and for the auxiliary vector, by RDSEED and RDRAND. There is no pool
 * and no mixing: when the processor gives nothing, the caller gets nothing, never something
 * weaker.
 */
#include "cpu/random.h"
#include "cpu/wait.h"
#include "lib/string.h"
#include "platform/platform.h"

/* RDRAND clears CF while its generator is drained (APM vol. 3), which all CPUs of the host draw
 * from. RDSEED is slower; when it gives nothing, RDRAND stands in, which is reseeded from the same
 * source. */
#define RDRAND_MS  100
#define RDSEED_MS  10

#define HAS_RDRAND BIT(30) /* leaf 1, ECX */
#define HAS_RDSEED BIT(18) /* leaf 7, EBX */

static bool rdrand(uint64_t *v)
{
	struct patience p = svsm_patience(RDRAND_MS);
	uint8_t ok = 0;

	do
		__asm__ volatile("rdrand %0\nsetc %1" : "=r"(*v), "=qm"(ok) : : "cc");
	while (!ok && !svsm_patience_over(&p));
	return ok;
}

static bool rdseed(uint64_t *v)
{
	struct patience p = svsm_patience(RDSEED_MS);
	uint8_t ok = 0;

	do
		__asm__ volatile("rdseed %0\nsetc %1" : "=r"(*v), "=qm"(ok) : : "cc");
	while (!ok && !svsm_patience_over(&p));
	return ok;
}

/* Some AMD processors of family 17h return all ones for ever and set CF all the same (an erratum).
 * So all ones are refused, although one number in 2^64 is that by right. */
static bool draw(bool seed, uint64_t *v)
{
	return ((seed && rdseed(v)) || rdrand(v)) && *v != ~0ull;
}

/* Any CPU, no lock: two CPUs that ask CPUID at the same time write the same byte. */
bool random_fill(void *to, size_t len)
{
	static uint8_t features; /* 1: CPUID was asked, 2: RDRAND is there, 4: RDSEED is there */
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
