/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tests register themselves in the linker section "bare_tests"; README.md shows one. A test leaves
 * the machine as it found it. What it may say while it runs is in test_report.h.
 */
#include "bare/lib/test_report.h"

struct control_frame;

struct test {
	const char *name;
	const char *what; /* one line: what it shows */
	void (*fn)(void);
	const char *rule; /* the rules that it proves: ids of docs/specification.md, a blank between
			     two */
};

/* The section keeps the order of the source; clang does that without being told. */
#if __has_attribute(no_reorder)
#define NO_REORDER __attribute__((no_reorder))
#else
#define NO_REORDER
#endif

#define TEST(ident, test_name, test_what, test_rule)                                               \
	static void ident(void);                                                                   \
	static const struct test test_##ident = {test_name, test_what, ident, test_rule};          \
	static const struct test *const testp_##ident SECTION("bare_tests") NO_REORDER =           \
		&test_##ident;                                                                     \
	static void ident(void)

/* The suite's conversation with the harness; does not come back. */
NORETURN void test_main(const char *suite);

/* ---- its parts, for images that may have no harness (conform/) ---- */

void test_hello(const char *suite);
/* first: a frame that has come already, or NULL. */
NORETURN void test_serve(struct control_frame *first);
/* The tests of this image that scope.h does not leave out, in their order, and those that it does.
 */
void test_each(void (*fn)(const struct test *t));
void test_each_left_out(void (*fn)(const struct test *t, const char *why));
/* One test, its reports by the control port or where that was diverted to. */
void test_run(const struct test *t);
NORETURN void test_power_off(void);
