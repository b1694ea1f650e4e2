/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "bare/lib/test.h"
#include "bare/lib/control.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/trap.h"
#include "abi/q35.h"
#include "lib/fmt.h"
#include "lib/string.h"

extern const struct test *const __start_bare_tests[], *const __stop_bare_tests[];

/* How a test ends early: back to run_body with a reason. */
static struct {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
} escape;
uint64_t test_escape_save(void *where) __attribute__((returns_twice));
NORETURN void test_escape_jump(void *where);

static struct {
	uint32_t checks, failures, cases;
	bool skipped;
	const char *rule; /* the test's, or the running case's own */
	char label[96];
	char detail[160];
} now = {.rule = ""};

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

static const struct test *running; /* set before any test_case() */

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
	begin_case(running->rule, fmt, ap);
	va_end(ap);
}

void test_case_of(const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin_case(rule, fmt, ap);
	va_end(ap);
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

static void failed(const char *file, int line, const char *text)
{
	uint32_t n = __atomic_fetch_add(&now.failures, 1, __ATOMIC_RELAXED);

	if (n == 0)
		fmt_snprintf(now.detail, sizeof(now.detail), "%s:%d [%s] %s%s%s", file, line,
			     now.rule, now.label, now.label[0] ? ": " : "", text);
	if (n < 64) /* a loop that goes wrong must not drown the port */
		control_printf(CONTROL_FAILURE, "%s:%d\t[%s] %s%s%s", file, line, now.rule,
			       now.label, now.label[0] ? ": " : "", text);
}

bool test_check(bool good, const char *file, int line, const char *expr)
{
	__atomic_fetch_add(&now.checks, 1, __ATOMIC_RELAXED);
	if (!good)
		failed(file, line, expr);
	return good;
}

bool test_check2(bool good, const char *file, int line, const char *expr, uint64_t a, uint64_t b)
{
	char text[256];

	__atomic_fetch_add(&now.checks, 1, __ATOMIC_RELAXED);
	if (good)
		return true;
	fmt_snprintf(text, sizeof(text), "%s: %llu (0x%llx) and %llu (0x%llx)", expr,
		     (unsigned long long)a, (unsigned long long)a, (unsigned long long)b,
		     (unsigned long long)b);
	failed(file, line, text);
	return false;
}

void test_unexpected(const struct trap_frame *t)
{
	char text[256];

	fmt_snprintf(text, sizeof(text),
		     "vCPU %u: unexpected vector %llu error 0x%llx rip 0x%llx cr2 0x%llx cs 0x%llx",
		     percpu_index(), (unsigned long long)t->vector, (unsigned long long)t->error,
		     (unsigned long long)t->rip, (unsigned long long)read_cr2(),
		     (unsigned long long)t->cs);
	if (!percpu()->ghcb)
		ghcb_terminate(0, 0); /* nobody to tell yet */
	failed("exception", (int)t->vector, text);
	if (percpu_index())
		smp_park_dead();
	test_abandon();
}

static void run_body(const struct test *t)
{
	memset(&now, 0, sizeof(now));
	running = t;
	now.rule = t->rule;
	if (test_escape_save(&escape) == 0)
		t->fn();
	cli();
	trap_reset();
	ghcb_select();
	smp_stop();
}

static void run(const struct test *t)
{
	const char *verdict = "pass";

	control_send(CONTROL_START, t->name, strlen(t->name));
	run_body(t);
	if (now.failures)
		verdict = "fail";
	else if (now.skipped)
		verdict = "skip";
	else if (!now.checks) {
		verdict = "fail";
		fmt_snprintf(now.detail, sizeof(now.detail), "the test checked nothing");
	} else if (now.cases)
		fmt_snprintf(now.detail, sizeof(now.detail), "%u checks in %u cases", now.checks,
			     now.cases);
	else
		fmt_snprintf(now.detail, sizeof(now.detail), "%u checks", now.checks);
	control_printf(CONTROL_VERDICT, "%s\t%s\t%s", t->name, verdict, now.detail);
	control_send(CONTROL_END, t->name, strlen(t->name));
}

static void list_tests(void)
{
	unsigned n = 0;

	for (const struct test *const *t = __start_bare_tests; t < __stop_bare_tests; t++, n++)
		control_printf(CONTROL_TEST, "%s\t%s\t%s", (*t)->name, (*t)->what, (*t)->rule);
	control_printf(CONTROL_LIST_END, "%u", n);
}

static void run_named(const char *name)
{
	for (const struct test *const *t = __start_bare_tests; t < __stop_bare_tests; t++) {
		if (strcmp((*t)->name, name) == 0) {
			run(*t);
			return;
		}
	}
	control_printf(CONTROL_VERDICT, "%s\tfail\tno such test", name);
	control_printf(CONTROL_END, "%s", name);
}

/* After BYE. */
static NORETURN void power_off(void)
{
	control_send(CONTROL_BYE_ACK, "", 0);
	for (;;)
		ghcb_out(Q35_POWEROFF_PORT, 2, Q35_POWEROFF_VALUE);
}

void test_main(const char *suite)
{
	static struct control_frame f;

	control_printf(CONTROL_HELLO, "%s\t%d", suite, CONTROL_VERSION);
	for (;;) {
		control_receive(&f);
		if (f.type == CONTROL_LIST)
			list_tests();
		else if (f.type == CONTROL_RUN)
			run_named(f.payload);
		else if (f.type == CONTROL_BYE)
			power_off();
	}
}
