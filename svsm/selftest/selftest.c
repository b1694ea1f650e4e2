/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Runs all self-tests, in link order, and reports them on the log. boot/main.c calls it when the
 * launch page asks for it. The lines are a contract with the harness (selftest/selftest.h): do not
 * change their form on one side only.
 */
#include "selftest/selftest.h"
#include "log/log.h"
#include "lib/fmt.h"

extern const struct selftest selftest_table[], selftest_table_end[];

/* For SELFTEST_EQ: puts the expression and both values into the detail. Always false. */
bool selftest_differ(char *detail, const char *file, unsigned line, const char *what, uint64_t a,
		     uint64_t b)
{
	fmt_snprintf(detail, SELFTEST_DETAIL, "%s:%u: %s: %lu (0x%lx) and %lu (0x%lx)", file, line,
		     what, a, a, b, b);
	return false;
}

void selftest_run(void)
{
	unsigned n = 0;

	for (const struct selftest *t = selftest_table; t < selftest_table_end; t++, n++) {
		char detail[SELFTEST_DETAIL] = "";
		bool ok = t->run(detail);

		log_info("selftest: %s %s %s", t->name, ok ? "pass" : "fail", detail);
	}
	log_info("selftest: end %u", n);
}
