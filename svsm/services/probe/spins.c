/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Deeds that go on until the kernel's test has seen enough: to be interrupted, moved to another
 * CPU, and timed.
 */
#include "services/probe/call.h"

/*
 * Fills x87 and SSE registers with a pattern and spins until the test sets R12, checking all the
 * time that nothing has changed. R13 counts the rounds.
 */
static int spin(uint64_t seed)
{
	uint64_t bad;

	__asm__ volatile("movq %1, %%xmm0\n"
			 "movq %1, %%xmm7\n"
			 "movq %1, %%xmm15\n"
			 "paddq %%xmm0, %%xmm7\n"
			 "pushq %1\n"
			 "fninit\n"
			 "fildq (%%rsp)\n"
			 "movl $0x5f80, -8(%%rsp)\n" /* MXCSR: round towards +infinity */
			 "ldmxcsr -8(%%rsp)\n"
			 "xorl %%r12d, %%r12d\n"
			 "xorl %%r13d, %%r13d\n"
			 "xorl %%eax, %%eax\n"
			 "1: incq %%r13\n"
			 "movq %%xmm15, %%rcx\n"
			 "xorq %1, %%rcx\n"
			 "orq %%rcx, %%rax\n"
			 "movq %%xmm0, %%rcx\n"
			 "xorq %1, %%rcx\n"
			 "orq %%rcx, %%rax\n"
			 "movq %%xmm7, %%rcx\n"
			 "subq %1, %%rcx\n"
			 "xorq %1, %%rcx\n"
			 "orq %%rcx, %%rax\n"
			 "stmxcsr -8(%%rsp)\n"
			 "movl -8(%%rsp), %%ecx\n"
			 "xorl $0x5f80, %%ecx\n"
			 "orq %%rcx, %%rax\n"
			 "fld %%st(0)\n"
			 "fistpq -8(%%rsp)\n"
			 "movq -8(%%rsp), %%rcx\n"
			 "xorq %1, %%rcx\n"
			 "orq %%rcx, %%rax\n"
			 "testq %%r12, %%r12\n"
			 "jz 1b\n"
			 "popq %%rcx\n"
			 "movq %%rax, %0\n"
			 : "=&a"(bad) /* written before the seed was last read */
			 : "r"(seed)
			 : "rcx", "r12", "r13", "xmm0", "xmm7", "xmm15", "memory", "cc");
	MUST(!bad);
	return 0;
}

static int spin_a(void)
{
	return spin(0x0123456789abcdef);
}

static int spin_b(void)
{
	return spin(0x7654321011223344);
}

/* Makes system calls until the test sets R12. R13 counts them. */
static int spin_calls(void)
{
	__asm__ volatile("xorl %%r12d, %%r12d\n"
			 "xorl %%r13d, %%r13d\n"
			 "1: incq %%r13\n"
			 "movl $102, %%eax\n" /* getuid */
			 "syscall\n"
			 "testq %%r12, %%r12\n"
			 "jz 1b\n"
			 :
			 :
			 : "rax", "rcx", "r11", "r12", "r13", "memory", "cc");
	return 0;
}

/* For the cost of a system call: selftest/selftest_user_turns.c knows the number. */
static int ten_thousand_calls(void)
{
	for (unsigned i = 0; i < 10000; i++)
		call(NR_GETUID, 0, 0, 0);
	return 0;
}

const struct deed spin_deeds[] = {
	{"spin-a", spin_a},
	{"spin-b", spin_b},
	{"spin-calls", spin_calls},
	{"10000-calls", ten_thousand_calls},
	{NULL, NULL},
};
