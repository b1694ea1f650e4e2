/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a running test says, and its verdict: the contract is in test_report.h. Tests and the
 * library call it, on any vCPU where the header allows that. It must never let a test pass that has
 * checked nothing.
 */
#include "bare/lib/test_report.h"
#include "bare/lib/control.h"
#include "bare/lib/scope.h"
#include "lib/fmt.h"
#include "lib/string.h"

/* How a test ends early: back to test_run_body with a reason. */
static struct {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
} escape;
uint64_t test_escape_save(void *where) __attribute__((returns_twice));
NORETURN void test_escape_jump(void *where);

static struct {
	uint32_t checks, failures, cases;
	bool skipped;
	const char *test_rule, *rule; /* the test's, and the running case's */
	char label[96];
	char detail[160];
} now = {.test_rule = "", .rule = ""};

void test_log(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	control_send(CONTROL_LOG, text, strlen(text));
}

void test_info(const char *key, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	control_printf(CONTROL_INFO, "%s\t%s", key, text);
}

/* Failures from here on name this case and its rule. */
static void begin_case(const char *rule, const char *fmt, va_list ap)
{
	now.rule = rule;
	fmt_vsnprintf(now.label, sizeof(now.label), fmt, ap);
	now.cases++;
	test_log("case %s", now.label);
}

void test_case(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin_case(now.test_rule, fmt, ap);
	va_end(ap);
}

void test_case_of(const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin_case(rule, fmt, ap);
	va_end(ap);
}

bool test_case_asked(const char *rule, const char *fmt, ...)
{
	va_list ap;

	if (!scope_own() && strncmp(rule, "keelson:", 8) == 0)
		return false;
	va_start(ap, fmt);
	begin_case(rule, fmt, ap);
	va_end(ap);
	return true;
}

void test_abandon(void)
{
	test_escape_jump(&escape);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fmt_vsnprintf(now.detail, sizeof(now.detail), fmt, ap);
	va_end(ap);
	now.skipped = true;
	test_abandon();
}

/*
 * The host must agree before the test goes on: without its answer a machine that ends too early
 * could look like success.
 */
void test_must_end(enum test_end code, const char *texts)
{
	static struct control_frame f;

	control_printf(CONTROL_HOST, "end\t%d\t%s", code, texts);
	do
		control_receive(&f);
	while (f.type != CONTROL_HOST_REPLY);
	if (strcmp(f.payload, "ok") == 0)
		return;
	test_failed("the host", 0, f.payload);
	test_abandon();
}

/*
 * The first failure becomes the verdict's text. The port gets the first 64: a loop that goes wrong
 * must not drown it.
 */
void test_failed(const char *file, int line, const char *text)
{
	uint32_t n = __atomic_fetch_add(&now.failures, 1, __ATOMIC_RELAXED);

	if (n == 0)
		fmt_snprintf(now.detail, sizeof(now.detail), "%s:%d [%s] %s%s%s", file, line,
			     now.rule, now.label, now.label[0] ? ": " : "", text);
	if (n < 64)
		control_printf(CONTROL_FAILURE, "%s:%d\t[%s] %s%s%s", file, line, now.rule,
			       now.label, now.label[0] ? ": " : "", text);
}

bool test_check(bool good, const char *file, int line, const char *expr)
{
	__atomic_fetch_add(&now.checks, 1, __ATOMIC_RELAXED);
	if (!good)
		test_failed(file, line, expr);
	return good;
}

bool test_check2(bool good, const char *file, int line, const char *expr, const char *op,
		 uint64_t a, uint64_t b)
{
	bool equal = op[0] == '=';
	char text[256];

	__atomic_fetch_add(&now.checks, 1, __ATOMIC_RELAXED);
	if (good)
		return true;
	fmt_snprintf(text, sizeof(text), "%s: is %llu (0x%llx), expected %s%s%llu (0x%llx)", expr,
		     (unsigned long long)a, (unsigned long long)a, equal ? "" : op,
		     equal ? "" : " ", (unsigned long long)b, (unsigned long long)b);
	test_failed(file, line, text);
	return false;
}

/*
 * Runs fn, which may leave early by test_abandon(): then test_escape_save() returns a second time.
 */
void test_run_body(void (*fn)(void), const char *rule)
{
	memset(&now, 0, sizeof(now));
	now.test_rule = now.rule = rule;
	if (test_escape_save(&escape) == 0)
		fn();
}

/* A failure outweighs a skip, and a test without a check has failed. */
const char *test_verdict(const char **detail)
{
	*detail = now.detail;
	if (now.failures)
		return "fail";
	if (now.skipped)
		return "skip";
	if (!now.checks) {
		fmt_snprintf(now.detail, sizeof(now.detail), "the test checked nothing");
		return "fail";
	}
	if (now.cases)
		fmt_snprintf(now.detail, sizeof(now.detail), "%u checks in %u cases", now.checks,
			     now.cases);
	else
		fmt_snprintf(now.detail, sizeof(now.detail), "%u checks", now.checks);
	return "pass";
}
