/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Computes for many turns without a system call, then exits. The self-tests of the scheduler
 * preempt it and move it from CPU to CPU. The sum, its exit status, shows that no register was
 * lost on the way.
 */
#include "services/probe/call.h"

#define ROUNDS 30000000ull

/* The program's entry point. */
NORETURN void spin_start(void);
NORETURN void spin_start(void)
{
	uint64_t sum = 0, x = 1;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		sum += x >> 33;
		__asm__ volatile("" : "+r"(x), "+r"(sum));
	}
	call(NR_EXIT_GROUP, sum % 251, 0, 0);
	for (;;)
		;
}
