/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "selftest/selftest.h"
#include "log/log.h"
#include "lib/fmt.h"

extern const struct selftest selftest_table[], selftest_table_end[];

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
