/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The frame of the host-compiled unit tests. A test file is a list of TEST(name) { ... } blocks;
 * they register themselves and run in the order in which they stand. A failed check prints its
 * expression and both values, is counted, and the test goes on; the next tests run whatever
 * happens. check.c holds main(): without arguments it runs all tests, else those whose names are
 * given.
 */
#include <stdbool.h>
#include <stdint.h>

typedef void (*check_fn)(void);
void check_add(const char *name, check_fn fn);
bool check_true(bool ok, const char *expr, const char *file, int line);
bool check_equal(uint64_t a, uint64_t b, const char *ea, const char *eb, const char *file,
		 int line);
bool check_string(const char *a, const char *b, const char *ea, const char *eb, const char *file,
		  int line);
bool check_bytes(const void *a, const void *b, uint64_t n, const char *ea, const char *eb,
		 const char *file, int line);
/* Marks the running test as skipped (neither passed nor failed); say why, then return from it. */
void check_skip(const char *why);
/* A name for the case at hand, printed with each failure until it is changed or the test ends. */
void check_context(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define TEST(name)                                                                                 \
	static void name(void);                                                                    \
	__attribute__((constructor)) static void check_add_##name(void)                            \
	{                                                                                          \
		check_add(#name, name);                                                            \
	}                                                                                          \
	static void name(void)

/* Each is also an expression: true when the check held, for tests that cannot go on without it. */
#define CHECK(e)           check_true((e), #e, __FILE__, __LINE__)
#define CHECK_EQ(a, b)     check_equal((uint64_t)(a), (uint64_t)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_STR(a, b)    check_string((a), (b), #a, #b, __FILE__, __LINE__)
#define CHECK_MEM(a, b, n) check_bytes((a), (b), (n), #a, #b, __FILE__, __LINE__)

/* Reproducible pseudo-random numbers (xorshift), the same on every run. */
static inline uint32_t check_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}
