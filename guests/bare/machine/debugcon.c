/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The log's port: a REP OUTS comes out in one piece (launch/machine/dev/debugcon.h).
 * tests/integration/test_console_port.py reads what came out.
 */
#include "abi/q35.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "lib/string.h"

#define LINES 50
#define LINE  200

static void write_lines(char letter)
{
	char line[LINE];

	memset(line, letter, LINE - 1);
	line[LINE - 1] = '\n';
	for (unsigned i = 0; smp_round(i); i++)
		CHECK(ghcb_out_string(Q35_DEBUGCON_PORT, line, LINE));
}

static void other(void *arg)
{
	(void)arg;
	write_lines('B');
}

TEST(debugcon_lines, "debugcon-lines", "what two CPUs write to the log's port at once does not mix",
     "keelson:debugcon:string")
{
	smp_start();
	smp_race(LINES, 10);
	smp_run(other, NULL);
	write_lines('A');
	CHECK(smp_wait(10));
}
