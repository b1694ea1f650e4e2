/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The unit tests' checks (tests/native/check.h), as the fakes use them, under libFuzzer: what does
 * not hold is a finding. */
#include "base/assert.h"
#include "cpu/failstop.h"
#include "lib/lock.h"
#include "tests/native/check.h"
#include "tests/fuzz/fuzz.h"

bool check_true(bool ok, const char *expr, const char *file, int line)
{
	if (!ok)
		fuzz_failed(file, line, expr);
	return true;
}

bool check_equal(uint64_t a, uint64_t b, const char *ea, const char *eb, const char *file, int line)
{
	(void)eb;
	return check_true(a == b, ea, file, line);
}

void check_context(const char *fmt, ...)
{
	(void)fmt;
}

/* lib/lock.h: the fuzzer has one thread, which is one CPU. */
uint32_t *lock_held(void)
{
	static uint32_t held;

	return &held;
}

/* lib/spinlock.h: and no lock is ever waited for. */
void spin_rest(uint64_t waited)
{
	(void)waited;
	panic("a lock is taken twice");
}

/* cpu/failstop.h: no CPU has panicked. */
uint32_t failstop_by;

void failstop_stop(void)
{
}

/* base/assert.h: what cannot happen has happened, so the input is a finding. */
void panic(const char *fmt, ...)
{
	fuzz_failed("panic", 0, fmt);
}
