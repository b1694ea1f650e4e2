/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The main loop of a bare test image: it lists the tests that the link has gathered, and runs the
 * one that the harness asks for. bare_main() calls test_main() and never gets it back. An
 * exception, a failed test or an unknown name must never end the loop: each becomes a verdict.
 */
#include "bare/lib/test.h"
#include "bare/lib/control.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/scope.h"
#include "bare/lib/smp.h"
#include "bare/lib/trap.h"
#include "abi/q35.h"
#include "lib/fmt.h"
#include "lib/script/script.h"
#include "lib/string.h"

extern const struct test *const __start_bare_tests[], *const __stop_bare_tests[];

/*
 * The trap code calls this for an exception that no test waits for. On the boot vCPU it ends the
 * test; a second vCPU is parked, and the test fails because of it.
 */
static NORETURN void unexpected(const struct trap_frame *t)
{
	char text[256];

	fmt_snprintf(text, sizeof(text),
		     "vCPU %u: unexpected vector %llu error 0x%llx rip 0x%llx cr2 0x%llx cs 0x%llx",
		     percpu_index(), (unsigned long long)t->vector, (unsigned long long)t->error,
		     (unsigned long long)t->rip, (unsigned long long)read_cr2(),
		     (unsigned long long)t->cs);
	test_failed("exception", (int)t->vector, text);
	if (percpu_index())
		smp_park_dead();
	test_abandon();
}

/*
 * Runs one test and puts back what it may have changed: interrupts, handlers, the GHCB MSR, the
 * second vCPU. What goes wrong there still counts for the test's verdict.
 */
void test_run(const struct test *t)
{
	const char *verdict, *detail;

	control_send(CONTROL_START, t->name, strlen(t->name));
	test_run_body(t->fn, t->rule);
	cli();
	trap_reset();
	ghcb_select();
	smp_stop();
	verdict = test_verdict(&detail);
	control_printf(CONTROL_VERDICT, "%s\t%s\t%s", t->name, verdict, detail);
	control_send(CONTROL_END, t->name, strlen(t->name));
}

void test_each(void (*fn)(const struct test *t))
{
	for (const struct test *const *t = __start_bare_tests; t < __stop_bare_tests; t++) {
		if (!scope_left_out((*t)->name, (*t)->rule))
			fn(*t);
	}
}

void test_each_left_out(void (*fn)(const struct test *t, const char *why))
{
	for (const struct test *const *t = __start_bare_tests; t < __stop_bare_tests; t++) {
		const char *why = scope_left_out((*t)->name, (*t)->rule);

		if (why)
			fn(*t, why);
	}
}

static unsigned listed;

static void list_one(const struct test *t)
{
	control_printf(CONTROL_TEST, "%s\t%s\t%s", t->name, t->what, t->rule);
	listed++;
}

static void list_left_out(const struct test *t, const char *why)
{
	test_log("left out: %s: %s", t->name, why);
}

static void list_tests(void)
{
	listed = 0;
	test_each_left_out(list_left_out);
	test_each(list_one);
	control_printf(CONTROL_LIST_END, "%u", listed);
}

static const char *asked;
static unsigned found;

static void run_asked(const struct test *t)
{
	if (!script_wants(asked, t->name))
		return;
	found++;
	test_run(t);
}

/* The host names one test, a script may have patterns. A test that is not there has failed; silence
 * would look like a hang. */
static void run_named(const char *name)
{
	asked = name;
	found = 0;
	test_each(run_asked);
	if (found)
		return;
	control_printf(CONTROL_VERDICT, "%s\tfail\tno such test", name);
	control_printf(CONTROL_END, "%s", name);
}

/* It is asked for again and again, because nothing else is left to do. */
void test_power_off(void)
{
	for (;;)
		ghcb_out(Q35_POWEROFF_PORT, 2, Q35_POWEROFF_VALUE);
}

void test_hello(const char *suite)
{
	trap_unexpected_set(unexpected);
	control_find_script();
	control_printf(CONTROL_HELLO, "%s\t%d", suite, CONTROL_VERSION);
}

/* When the harness has said BYE, it is told that this has come, and the machine goes off. */
static void take(struct control_frame *f)
{
	if (f->type == CONTROL_LIST)
		list_tests();
	else if (f->type == CONTROL_RUN)
		run_named(f->payload);
	else if (f->type == CONTROL_BYE) {
		control_send(CONTROL_BYE_ACK, "", 0);
		test_power_off();
	}
}

void test_serve(struct control_frame *first)
{
	static struct control_frame f;

	if (first)
		take(first);
	for (;;) {
		control_receive(&f);
		take(&f);
	}
}

void test_main(const char *suite)
{
	test_hello(suite);
	test_serve(NULL);
}
