/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * For test programs in C that the agent runs from /tests (docs/writing-tests.md). Link external.c:
 * it has main(). A test returns, or its program ends; a failed check is noted and the test goes on.
 */
#include "base/types.h"

struct external_test {
	const char *name;
	const char *shows; /* one line: what is true when it passes */
	void (*run)(void);
};

#define EXTERNAL_TEST(id, test_name, what)                                                         \
	static void id(void);                                                                      \
	static const struct external_test external_test_##id = {test_name, what, id};              \
	static const struct external_test *const external_entry_##id SECTION("external_tests") =   \
		&external_test_##id;                                                               \
	static void id(void)

void external_fail(const char *where, const char *fmt, ...) PRINTF(2, 3);
unsigned external_failures(void);                      /* so far in this test */
void external_skip(const char *fmt, ...) PRINTF(1, 2); /* the reason; the test should then return */
void external_info(const char *key, const char *fmt, ...) PRINTF(2, 3);
void external_log(const char *fmt, ...) PRINTF(1, 2);
/* A test that says nothing for that long (90 s unless it says so here) is killed. */
void external_limit(unsigned seconds);
/* Asks the harness: "verb\targuments". False when it refused; answer is its text in any case. */
bool external_host(const char *request, char *answer, size_t size);
/* Copies bytes into files/NAME of the run's folder on the host; false after external_fail(). */
bool external_put(const char *name, const void *bytes, size_t size);

/* hostfile.c: the file as it was put, into room bytes; its length, -1 when there is none or it does
 * not fit. */
long external_get(const char *name, void *bytes, size_t room);

#define EXTERNAL_STR1(x) #x
#define EXTERNAL_STR(x)  EXTERNAL_STR1(x)
#define EXTERNAL_HERE    __FILE__ ":" EXTERNAL_STR(__LINE__)

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			external_fail(EXTERNAL_HERE, "%s", #cond);                                 \
	} while (0)

#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		unsigned long long left_ = (a), right_ = (b);                                      \
		if (left_ != right_)                                                               \
			external_fail(EXTERNAL_HERE, "%s == %s: %llu (0x%llx) and %llu (0x%llx)",  \
				      #a, #b, left_, left_, right_, right_);                       \
	} while (0)
