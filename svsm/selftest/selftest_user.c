/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Self-tests of user mode: processes that run the probe (services/probe), which does what its name
 * says. What is checked is the kernel's side: how the process ends, what it gives back, what gets
 * into the log.
 */
#include "base/x86.h"
#include "mm/alloc.h"
#include "log/logring.h"
#include "cpu/percpu.h"
#include "selftest/selftest.h"
#include "selftest/selftest_user.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "user/process_run.h"

extern const char service_probe_start[], service_probe_end[];

struct process *selftest_probe(const char *name, size_t page_limit)
{
	return process_create(name, service_probe_start, service_probe_end - service_probe_start,
			      page_limit);
}

enum process_stop selftest_run_to_end(struct process *p)
{
	enum process_stop stop;

	do {
		stop = process_run(p);
	} while (stop == PROCESS_PREEMPTED);
	return stop;
}

static bool check_exit(const char *name, int status, char *detail)
{
	struct process *p = selftest_probe(name, PROBE_PAGES);
	enum process_stop stop;
	bool ok;

	if (!p) {
		fmt_snprintf(detail, SELFTEST_DETAIL, "%s was not created", name);
		return false;
	}
	stop = selftest_run_to_end(p);
	ok = stop == PROCESS_EXITED && p->exit_status == status;
	if (!ok)
		fmt_snprintf(detail, SELFTEST_DETAIL, "%s: stop %u, status or line %d", name, stop,
			     p->exit_status);
	process_destroy(p);
	return ok;
}

SELFTEST(user_exit)
{
	return check_exit("probe:nothing", 0, detail) && check_exit("probe:seven", 7, detail) &&
	       check_exit("probe", 0xee, detail);
}

/* services/probe/checks.c and calls.c: the exit status is 0, or the line of the check that
 * failed. */
SELFTEST(user_checks)
{
	static const char *const names[] = {
		"probe:cpuid",        "probe:cpuid-prefixed", "probe:tsc",
		"probe:tscp",         "probe:flags",          "probe:rsp",
		"probe:rsp-trap",     "probe:segments",       "probe:segments",
		"probe:registers",    "probe:vmgexit",        "probe:fpu-clean",
		"probe:bad-pointers", "probe:files",          "probe:unknown",
		"probe:memory",       "probe:memory-refused", "probe:limit",
		"probe:churn",        "probe:others",         "probe:tls",
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (!check_exit(names[i], 0, detail))
			return false;
	fmt_snprintf(detail, SELFTEST_DETAIL, "%lu checks", ARRAY_LEN(names));
	return true;
}

SELFTEST(user_fault)
{
	return selftest_user_faults(detail);
}

/* A process gives back every page that it has taken, however it ends. */
SELFTEST(user_pages)
{
	static const char *const names[] = {"probe:limit", "probe:deep", "probe:nothing",
					    "probe:segments"};
	size_t before;

	process_destroy(selftest_probe("probe:nothing", PROBE_PAGES)); /* small blocks split now */
	before = alloc_free_pages();
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		struct process *p = selftest_probe(names[i], PROBE_PAGES);

		SELFTEST_TRUE(p);
		SELFTEST_TRUE(p->space.pages > 64);
		SELFTEST_EQ(before - alloc_free_pages(), p->space.pages);
		selftest_run_to_end(p);
		SELFTEST_EQ(before - alloc_free_pages(), p->space.pages);
		SELFTEST_TRUE(p->space.pages <= PROBE_PAGES);
		process_destroy(p);
		SELFTEST_EQ(alloc_free_pages(), before);
	}
	for (size_t limit = 0; limit < 80; limit++) /* too few at every step */
		SELFTEST_TRUE(limit > 70 || !selftest_probe("probe:nothing", limit));
	SELFTEST_TRUE(!process_create("short", service_probe_start, 100, PROBE_PAGES));
	SELFTEST_TRUE(!process_create("none", "no ELF file", 12, PROBE_PAGES));
	SELFTEST_EQ(alloc_free_pages(), before);
	return true;
}

/* A process that floods the log gets only a few lines through. */
SELFTEST(user_log)
{
	const struct logring *log = percpu_this()->log.ring;
	struct process *p = selftest_probe("probe:flood", PROBE_PAGES);
	uint32_t head = log->head;

	SELFTEST_TRUE(p);
	SELFTEST_EQ(selftest_run_to_end(p), PROCESS_EXITED);
	SELFTEST_EQ(p->exit_status, 0);
	SELFTEST_EQ(p->console.lines, 20000);
	/* the burst, then 19744 / 256 = 77 times two lines */
	SELFTEST_TRUE(log->head - head < CONSOLE_BURST + 2 * 78 + 2);
	process_destroy(p);
	return true;
}
