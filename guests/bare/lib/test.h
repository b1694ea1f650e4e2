/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tests register themselves in the linker section "bare_tests"; README.md shows one. A check that
 * fails is reported and the test goes on; REQUIRE ends the test. A test leaves the machine as it
 * found it. Checks may be made on any vCPU, REQUIRE and test_skip only on the boot one.
 */
#include "base/types.h"

struct test {
	const char *name;
	const char *what; /* one line: what it shows */
	void (*fn)(void);
	const char *rule; /* the rules that it proves: ids of docs/specification.md, a blank between
			     two */
};

#define TEST(ident, test_name, test_what, test_rule)                                               \
	static void ident(void);                                                                   \
	static const struct test test_##ident = {test_name, test_what, ident, test_rule};          \
	static const struct test *const testp_##ident SECTION("bare_tests")                        \
		__attribute__((no_reorder)) = &test_##ident;                                       \
	static void ident(void)

/* The suite's conversation with the harness; does not come back. */
NORETURN void test_main(const char *suite);

/* Names the case that the next checks belong to (a row of a table); goes to the run's log. */
void test_case(const char *fmt, ...) PRINTF(1, 2);
/* The same for a case that proves other rules than the whole test does: rule is written as TEST's
 * is. */
void test_case_of(const char *rule, const char *fmt, ...) PRINTF(2, 3);
void test_log(const char *fmt, ...) PRINTF(1, 2);
void test_info(const char *key, const char *fmt, ...) PRINTF(2, 3);
NORETURN void test_skip(const char *fmt, ...) PRINTF(1, 2);

bool test_check(bool good, const char *file, int line, const char *expr);
bool test_check2(bool good, const char *file, int line, const char *expr, uint64_t a, uint64_t b);
NORETURN void test_abandon(void); /* ends the running test; what failed was reported */

#define CHECK(c) test_check((c), __FILE__, __LINE__, #c)
#define CHECK_OP(a, op, b)                                                                         \
	({                                                                                         \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                                   \
		test_check2(a_ op b_, __FILE__, __LINE__, #a " " #op " " #b, a_, b_);              \
	})
#define CHECK_EQ(a, b) CHECK_OP(a, ==, b)
#define CHECK_NE(a, b) CHECK_OP(a, !=, b)
#define CHECK_LE(a, b) CHECK_OP(a, <=, b)
#define CHECK_GE(a, b) CHECK_OP(a, >=, b)
#define REQUIRE(c)                                                                                 \
	do {                                                                                       \
		if (!CHECK(c))                                                                     \
			test_abandon();                                                            \
	} while (0)
#define REQUIRE_EQ(a, b)                                                                           \
	do {                                                                                       \
		if (!CHECK_EQ(a, b))                                                               \
			test_abandon();                                                            \
	} while (0)

struct trap_frame;
/* From trap.c: an exception nobody waited for. Reports it, ends the test (or parks a second vCPU).
 */
NORETURN void test_unexpected(const struct trap_frame *t);
