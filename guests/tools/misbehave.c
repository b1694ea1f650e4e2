/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Tests that fail on purpose: what the agent makes of programs that misbehave. Suite `external`. */
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/external.h"

EXTERNAL_TEST(passes, "passes", "a program that ends well passes")
{
	char answer[64];

	external_log("a line for the log");
	CHECK(external_host("echo\thello", answer, sizeof(answer)));
	CHECK(external_put("hello", "hello\n", 6));
}

EXTERNAL_TEST(fails, "fails", "a failed check is a failure, whatever the exit code")
{
	CHECK_EQ(1, 2);
	_exit(0);
}

EXTERNAL_TEST(exits, "exits", "an exit code without a failed check is a failure")
{
	fprintf(stderr, "last words\n");
	_exit(3);
}

EXTERNAL_TEST(crashes, "crashes", "a signal is a failure")
{
	raise(SIGSEGV);
}

EXTERNAL_TEST(skips, "skips", "a skip says why")
{
	external_skip("there is a reason");
}

EXTERNAL_TEST(hangs, "hangs", "a program that says nothing is killed, and what it started with it")
{
	external_limit(2);
	if (fork() == 0)
		setsid();
	for (;;)
		pause();
}

EXTERNAL_TEST(babbles, "babbles", "a report that means nothing is a failure")
{
	dprintf(3, "PASS\n");
}

EXTERNAL_TEST(leaves, "leaves", "a process that the test leaves behind does not outlive it")
{
	if (fork() == 0) {
		setsid();
		for (;;)
			pause();
	}
}

/* Kernel threads have no command line. */
static unsigned processes(void)
{
	glob_t g = {0};
	unsigned n = 0;

	glob("/proc/[0-9]*/cmdline", 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "re");

		n += f && fgetc(f) != EOF;
		if (f)
			fclose(f);
	}
	globfree(&g);
	return n;
}

EXTERNAL_TEST(alone, "alone", "after all that, the agent and this process are all there is")
{
	CHECK_EQ(processes(), 2);
}
