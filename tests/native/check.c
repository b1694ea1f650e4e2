/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* The runner of a unit test program: its checks, its tests, and the ranks of held locks. */
#include "tests/native/check.h"
#include "cpu/failstop.h"
#include "lib/lock.h"

#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TESTS  512
#define MAX_PRINTS 20 /* failures printed a test; all are counted */

static struct {
	const char *name;
	check_fn fn;
} tests[MAX_TESTS];
static unsigned count, failures;
static const char *skipped;
static char context[256];

void check_add(const char *name, check_fn fn)
{
	if (count == MAX_TESTS) {
		fprintf(stderr, "check: more than %d tests in a file\n", MAX_TESTS);
		return;
	}
	tests[count].name = name;
	tests[count++].fn = fn;
}

/* Counts a failure, and prints where it is. False: enough failures of this test were printed. */
static bool fail(const char *file, int line)
{
	if (++failures > MAX_PRINTS)
		return false;
	printf("  %s:%d: ", file, line);
	if (context[0])
		printf("[%s] ", context);
	return true;
}

bool check_true(bool ok, const char *expr, const char *file, int line)
{
	if (!ok && fail(file, line))
		printf("failed: %s\n", expr);
	return ok;
}

bool check_equal(uint64_t a, uint64_t b, const char *ea, const char *eb, const char *file, int line)
{
	if (a != b && fail(file, line))
		printf("%s == %s\n    left  %" PRIu64 " (0x%" PRIx64 ")\n    right %" PRIu64
		       " (0x%" PRIx64 ")\n",
		       ea, eb, a, a, b, b);
	return a == b;
}

bool check_string(const char *a, const char *b, const char *ea, const char *eb, const char *file,
		  int line)
{
	bool ok = !strcmp(a, b);

	if (!ok && fail(file, line))
		printf("%s == %s\n    left  \"%s\"\n    right \"%s\"\n", ea, eb, a, b);
	return ok;
}

/* Names the first byte that differs; a dump of all would hide it. */
bool check_bytes(const void *a, const void *b, uint64_t n, const char *ea, const char *eb,
		 const char *file, int line)
{
	const uint8_t *x = a, *y = b;
	uint64_t i = 0;

	while (i < n && x[i] == y[i])
		i++;
	if (i < n && fail(file, line))
		printf("%s == %s for %" PRIu64 " bytes\n    byte %" PRIu64
		       ": left %u (0x%02x), right %u (0x%02x)\n",
		       ea, eb, n, i, x[i], x[i], y[i], y[i]);
	return i == n;
}

void check_skip(const char *why)
{
	skipped = why;
}

void check_context(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
}

/* Without arguments all tests run, else those that are named. */
static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

/* A run of no test at all fails, so that a misspelt name is noticed. */
int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	unsigned passed = 0, failed = 0, skips = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < count; i++) {
		if (!wanted(tests[i].name, argc, argv))
			continue;
		failures = 0;
		skipped = NULL;
		context[0] = 0;
		tests[i].fn();
		if (failures)
			printf("FAIL %s: %u checks\n", tests[i].name, failures), failed++;
		else if (skipped)
			printf("SKIP %s: %s\n", tests[i].name, skipped), skips++;
		else
			passed++;
	}
	printf("%s: %u passed, %u failed, %u skipped\n", base ? base + 1 : argv[0], passed, failed,
	       skips);
	return failed || !(passed + skips);
}

/* lib/lock.h: each thread of a test is a CPU. */
uint32_t *lock_held(void)
{
	static _Thread_local uint32_t held;

	return &held;
}

/* lib/spinlock.h: a thread that waits lets others run. */
__attribute__((weak)) void spin_rest(uint64_t waited)
{
	(void)waited;
	sched_yield();
}

/* cpu/failstop.h: no CPU has panicked. */
__attribute__((weak)) uint32_t failstop_by;

__attribute__((weak)) void failstop_stop(void)
{
}

/* base/assert.h: what cannot happen has happened. A test that waits for it has a panic() of its
 * own. */
__attribute__((weak)) void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("panic: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
