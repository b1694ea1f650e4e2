/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's own tests, run at boot when launch_info has LAUNCH_FLAG_SELFTEST, on the boot CPU
 * with all CPUs up. Each registers itself. The lines on the log are a contract with the harness:
 *
 *	selftest: NAME pass|fail DETAIL
 *	selftest: end N                    N tests ran; without this line the run has failed
 */
#include "base/types.h"

struct selftest {
	const char *name;
	/* True: passed. detail: room for SELFTEST_DETAIL bytes, an empty string at entry. */
	bool (*run)(char *detail);
};

#define SELFTEST_DETAIL 128

#define SELFTEST(id)                                                                               \
	static bool selftest_##id(char *detail);                                                   \
	static const struct selftest selftest_entry_##id SECTION(".selftests") = {#id,             \
										  selftest_##id};  \
	static bool selftest_##id(char *detail)

/* Ends the test when a and b differ; the expression and both values go into the detail. */
#define SELFTEST_EQ(a, b)                                                                          \
	do {                                                                                       \
		uint64_t va_ = (uint64_t)(a), vb_ = (uint64_t)(b);                                 \
		if (va_ != vb_)                                                                    \
			return selftest_differ(detail, __FILE__, __LINE__, #a " == " #b, va_,      \
					       vb_);                                               \
	} while (0)
#define SELFTEST_TRUE(a) SELFTEST_EQ(!!(a), 1)

bool selftest_differ(char *detail, const char *file, unsigned line, const char *what, uint64_t a,
		     uint64_t b);
void selftest_run(void);
