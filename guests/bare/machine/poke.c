/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Code that one vCPU changes while the other executes it, as Linux's text_poke() does: an INT3
 * comes and goes. Once it is gone for good no vCPU may see it any more (APM vol. 2, 7.6.1).
 */
#include "base/x86.h"
#include "bare/lib/smp.h"
#include "bare/lib/test.h"
#include "bare/lib/trap.h"

#define ROUNDS 300
#define CALLS  5 /* of the other vCPU, in each state */
#define BODY   100

static uint8_t code[4096] ALIGNED(4096);
static volatile uint64_t breakpoints, calls, late;
static volatile unsigned gone; /* the round whose INT3 is gone; 0 while there is one */
static volatile bool stop;

static void on_breakpoint(struct trap_frame *t)
{
	(void)t; /* RIP is behind it already */
	breakpoints++;
}

static void build(void)
{
	static const uint8_t lea[4] = {0x48, 0x8d, 0x40, 0x01}; /* lea 1(%rax), %rax */
	unsigned n = 0;

	code[n++] = 0x90;
	for (unsigned i = 0; i < BODY * sizeof(lea); i++)
		code[n++] = lea[i % sizeof(lea)];
	code[n] = 0xc3;
}

static void execute(void *arg)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)code;

	(void)arg;
	smp_meet();
	while (!stop) {
		unsigned before = gone;
		uint64_t seen = breakpoints;

		fn();
		if (before && gone == before && breakpoints != seen)
			late++;
		calls++;
	}
}

static void wait_calls(void)
{
	uint64_t from = calls;
	struct patience p = smp_patience(10);

	while (calls - from < CALLS && !smp_patience_over(&p) && !smp_dead())
		cpu_relax();
}

TEST(text_poke, "text-poke", "an INT3 taken away is gone for the vCPU that runs there, 300 times",
     "apm:7.6.1:cross-modify")
{
	breakpoints = calls = late = 0;
	gone = 0;
	stop = false;
	build();
	smp_start();
	trap_handler_set(VEC_BP, on_breakpoint);
	smp_run(execute, NULL);
	smp_meet();
	for (unsigned i = 1; i <= ROUNDS; i++) {
		gone = 0;
		*(volatile uint8_t *)code = 0xcc;
		wait_calls();
		*(volatile uint8_t *)code = 0x90;
		gone = i;
		wait_calls();
	}
	stop = true;
	CHECK(smp_wait(10));
	trap_handler_set(VEC_BP, NULL);
	CHECK(breakpoints > 0);
	CHECK_EQ(late, 0);
}
