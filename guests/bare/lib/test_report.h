/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a running test reports. A check that fails is reported and the test goes on; REQUIRE ends
 * the test. Checks may be made on any vCPU, REQUIRE and test_skip only on the boot one.
 */
#include "base/types.h"

/* Names the case that the next checks belong to (a row of a table); goes to the run's log. */
void test_case(const char *fmt, ...) PRINTF(1, 2);
/* The same for a case that proves other rules than the whole test does: rule is written as TEST's
 * is. */
void test_case_of(const char *rule, const char *fmt, ...) PRINTF(2, 3);
/* The same for a case that some images do not ask for (scope.h). False: this one does not, and no
 * case was begun. */
bool test_case_asked(const char *rule, const char *fmt, ...) PRINTF(2, 3);
void test_log(const char *fmt, ...) PRINTF(1, 2);
void test_info(const char *key, const char *fmt, ...) PRINTF(2, 3);
NORETURN void test_skip(const char *fmt, ...) PRINTF(1, 2);
/*
 * What the test does next must end the machine, with this exit code, and the line that says why
 * must hold these texts, split by tabs (docs/test-control.md, verb `end`): then the test has
 * passed. One that gets to its own end has failed. On the boot vCPU, before the GHCB is played
 * with.
 */
enum test_end {
	TEST_END_GUEST = 4, /* what a guest did */
	TEST_END_SVSM = 5,  /* what VMPL0 did */
};
void test_must_end(enum test_end code, const char *texts);

bool test_check(bool good, const char *file, int line, const char *expr);
void test_failed(const char *file, int line, const char *text);
/* expr tells what a was to be to b, in its last words: "== b". */
bool test_check2(bool good, const char *file, int line, const char *expr, const char *op,
		 uint64_t a, uint64_t b);
NORETURN void test_abandon(void); /* ends the running test; what failed was reported */

#define CHECK(c) test_check((c), __FILE__, __LINE__, #c)
/* A failed check where no expression says so: the text tells what went wrong. */
#define CHECK_FAILED(text) test_failed(__FILE__, __LINE__, text)
/* a is what was found, b what it is held against. The texts are those of the source: an argument
 * that is handed on to another macro would be expanded first. */
#define CHECK_OP(a, op, b, a_text, b_text)                                                         \
	({                                                                                         \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                                   \
		test_check2(a_ op b_, __FILE__, __LINE__, a_text " " #op " " b_text, #op, a_, b_); \
	})
#define CHECK_EQ(a, b) CHECK_OP(a, ==, b, #a, #b)
#define CHECK_NE(a, b) CHECK_OP(a, !=, b, #a, #b)
#define CHECK_LE(a, b) CHECK_OP(a, <=, b, #a, #b)
#define CHECK_GE(a, b) CHECK_OP(a, >=, b, #a, #b)
#define REQUIRE(c)                                                                                 \
	do {                                                                                       \
		if (!test_check((c), __FILE__, __LINE__, #c))                                      \
			test_abandon();                                                            \
	} while (0)
#define REQUIRE_EQ(a, b)                                                                           \
	do {                                                                                       \
		if (!CHECK_OP(a, ==, b, #a, #b))                                                   \
			test_abandon();                                                            \
	} while (0)

/* ---- for the runner (test.c) ---- */

/* Runs a test up to its end, which may be REQUIRE's or test_skip's. Forgets the one before. rule:
 * what its failures name. */
void test_run_body(void (*fn)(void), const char *rule);
/* "pass", "fail" or "skip" for all that was reported since test_run_body(), and the reason. */
const char *test_verdict(const char **detail);
