/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* What the fuzzers need: a check that aborts, and random numbers that repeat. */
#include <stdio.h>
#include <stdlib.h>
#include <openssl/rand.h>
#include "tests/fuzz/fuzz.h"

void fuzz_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

static int random_bytes(unsigned char *to, int n)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	for (int i = 0; i < n; i++) { /* xorshift64 */
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		to[i] = (unsigned char)(state >> 32);
	}
	return 1;
}

static int random_status(void)
{
	return 1;
}

void fuzz_fixed_random(void)
{
	static RAND_METHOD method = {
		.bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};

	FUZZ_CHECK(RAND_set_rand_method(&method) == 1);
}
