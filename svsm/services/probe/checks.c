/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What must work in ring 3, seen from there: CPUID, flags, registers, segments, FPU. Each check
 * returns 0 or its line. The self-test user_checks runs them.
 */
#include "base/x86.h"
#include "mm/layout.h"
#include "services/probe/call.h"

static int nothing(void)
{
	return 0;
}

static int seven(void)
{
	return 7;
}

/* Features that need state which a process does not have are hidden; what the C library needs is
 * there. */
static int check_cpuid(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	MUST(r[0] == 7);
	cpuid(1, 0, r);
	MUST(!(r[2] & (BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29)))); /* FMA..F16C */
	MUST(r[2] & BIT(30));                                              /* RDRAND */
	MUST((r[3] & (BIT(0) | BIT(15) | BIT(24) | BIT(25) | BIT(26))) ==
	     (BIT(0) | BIT(15) | BIT(24) | BIT(25) | BIT(26))); /* FPU, CMOV, FXSR, SSE, SSE2 */
	MUST(!(r[1] >> 24));                                    /* no APIC ID */
	cpuid(7, 0, r);
	MUST(!(r[1] & (BIT(0) | BIT(5) | BIT(16)))); /* FSGSBASE, AVX2, AVX512F */
	cpuid(0xd, 0, r);
	MUST(!(r[0] | r[1] | r[2] | r[3]));
	cpuid(0x8000001f, 0, r);
	MUST(!(r[0] | r[1] | r[2] | r[3]));
	cpuid(0x40000000, 0, r);
	MUST(!(r[0] | r[1] | r[2] | r[3]));
	return 0;
}

/* Prefixes that mean nothing to it, a REX that does not count among them. */
static int check_cpuid_prefixed(void)
{
	uint32_t r[4], same[4];

	cpuid(7, 0, r);
	__asm__ volatile(".byte 0x2e, 0x66, 0x44, 0xf3, 0x49, 0x0f, 0xa2"
			 : "=a"(same[0]), "=b"(same[1]), "=c"(same[2]), "=d"(same[3])
			 : "a"(7), "c"(0));
	for (unsigned i = 0; i < 4; i++)
		MUST(same[i] == r[i]);
	return 0;
}

static int check_tsc(void)
{
	uint64_t a = rdtsc(), b = rdtsc();

	MUST(b >= a);
	return 0;
}

/* Like RDTSC, and it tells nothing of the CPU. */
static int check_tscp(void)
{
	uint32_t r[4], low, high, aux;
	uint64_t a = rdtsc(), b;

	cpuid(0x80000001, 0, r);
	if (!(r[3] & BIT(27)))
		return 0;
	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
	b = (uint64_t)high << 32 | low;
	MUST(b >= a && rdtsc() >= b);
	MUST(!aux);
	return 0;
}

/* The flags after a system call that was made with these bits set. */
static uint64_t flags_after(uint64_t set)
{
	uint64_t f;

	__asm__ volatile("pushfq\n"
			 "movq (%%rsp), %%rax\n"
			 "orq %1, %%rax\n"
			 "pushq %%rax\n"
			 "popfq\n"
			 "movl $39, %%eax\n" /* getpid */
			 "syscall\n"
			 "pushfq\n"
			 "popq %0\n"
			 "popfq\n"
			 "cld\n"
			 : "=r"(f)
			 : "r"(set)
			 : "rax", "rcx", "r11", "memory", "cc");
	return f;
}

/* Flags survive a system call; those that belong to the kernel cannot be set. */
static int check_flags(void)
{
	MUST(flags_after(0) & RFLAGS_IF);
	MUST(flags_after(RFLAGS_DF) & RFLAGS_DF);
	MUST(flags_after(RFLAGS_AC) & RFLAGS_AC);
	MUST(flags_after(RFLAGS_NT) & RFLAGS_NT);
	MUST(!(flags_after(BIT(12) | BIT(13)) & (BIT(12) | BIT(13)))); /* IOPL */
	return 0;
}

/* The kernel's side of SYSCALL must not use the user's RSP, whatever it is. */
static int64_t call_with_rsp(uint64_t rsp)
{
	int64_t r;

	__asm__ volatile("movq %%rsp, %%rbx\n"
			 "movq %1, %%rsp\n"
			 "movl $39, %%eax\n"
			 "syscall\n"
			 "movq %%rbx, %%rsp\n"
			 : "=a"(r)
			 : "r"(rsp)
			 : "rbx", "rcx", "r11", "memory");
	return r;
}

static int check_rsp(void)
{
	MUST(call_with_rsp(0) == 1);
	MUST(call_with_rsp(KERNEL_BASE + 0x100000) == 1);
	MUST(call_with_rsp(0x800000000000) == 1); /* not canonical */
	MUST(call_with_rsp(~0ull) == 1);
	MUST(call_with_rsp(GUEST_MAP_BASE + 0x1000) == 1);
	return 0;
}

/* CPUID, which is a #VC, with an RSP that points nowhere: IRETQ must restore it. */
static int check_rsp_trap(void)
{
	uint64_t after;

	__asm__ volatile("movq %%rsp, %%r12\n"
			 "movq $0x7fff8001, %%rsp\n"
			 "xorl %%eax, %%eax\n"
			 "xorl %%ecx, %%ecx\n"
			 "cpuid\n"
			 "movq %%rsp, %0\n"
			 "movq %%r12, %%rsp\n"
			 : "=S"(after)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r12", "memory");
	MUST(after == 0x7fff8001);
	return 0;
}

/* Segment registers hold nothing of the process that ran before. user_checks runs this twice: each
 * run leaves something. */
static int check_segments(void)
{
	uint32_t ds, es, fs, gs;

	__asm__ volatile("mov %%ds, %0\nmov %%es, %1\nmov %%fs, %2\nmov %%gs, %3"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	MUST(!ds && !es && !fs && !gs);
	/* leave something behind for the next one */
	__asm__ volatile("mov %0, %%ds\nmov %0, %%es\nmov %0, %%fs\nmov %0, %%gs"
			 :
			 : "r"(SEL_USER_DATA | 3));
	MUST(call(NR_GETPID, 0, 0, 0) == 1);
	return 0;
}

/* A system call changes no register but RAX, RCX and R11. */
static int check_registers(void)
{
	uint64_t bad;

	__asm__ volatile("movq $0x1111, %%rbx\n"
			 "movq $0x2222, %%rdx\n"
			 "movq $0x3333, %%rsi\n"
			 "movq $0x4444, %%rdi\n"
			 "movq $0x5555, %%r8\n"
			 "movq $0x6666, %%r9\n"
			 "movq $0x7777, %%r10\n"
			 "movq $0x8888, %%r12\n"
			 "movq $0x9999, %%r13\n"
			 "movq $0xaaaa, %%r14\n"
			 "movq $0xbbbb, %%r15\n"
			 "movl $39, %%eax\n"
			 "syscall\n"
			 "xorq $0x1111, %%rbx\n"
			 "xorq $0x2222, %%rdx\n"
			 "xorq $0x3333, %%rsi\n"
			 "xorq $0x4444, %%rdi\n"
			 "xorq $0x5555, %%r8\n"
			 "xorq $0x6666, %%r9\n"
			 "xorq $0x7777, %%r10\n"
			 "xorq $0x8888, %%r12\n"
			 "xorq $0x9999, %%r13\n"
			 "xorq $0xaaaa, %%r14\n"
			 "xorq $0xbbbb, %%r15\n"
			 "orq %%rdx, %%rbx\n"
			 "orq %%rsi, %%rbx\n"
			 "orq %%rdi, %%rbx\n"
			 "orq %%r8, %%rbx\n"
			 "orq %%r9, %%rbx\n"
			 "orq %%r10, %%rbx\n"
			 "orq %%r12, %%rbx\n"
			 "orq %%r13, %%rbx\n"
			 "orq %%r14, %%rbx\n"
			 "orq %%r15, %%rbx\n"
			 "movq %%rbx, %0\n"
			 : "=a"(bad)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
			   "r13", "r14", "r15", "memory");
	MUST(!bad);
	return 0;
}

/* VMGEXIT in ring 3 reaches the hypervisor, which must find no request there (ghcb_end()). */
static int check_vmgexit(void)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xd9" : : : "memory");
	MUST(call(NR_GETPID, 0, 0, 0) == 1);
	return 0;
}

/* A new process has the x87 and SSE state of a reset and nothing of another process. */
static int check_fpu_clean(void)
{
	static uint8_t image[512] ALIGNED(16);

	__asm__ volatile("fxsave64 %0" : "=m"(image));
	MUST(*(uint16_t *)image == 0x37f);
	MUST(*(uint32_t *)(image + 24) == 0x1f80);
	for (unsigned i = 32; i < 160; i++) /* ST0 to ST7 */
		MUST(!image[i]);
	for (unsigned i = 160 + 8 * 16; i < 416; i++) /* XMM8 up: the compiler uses the others */
		MUST(!image[i]);
	return 0;
}

const struct deed check_deeds[] = {
	{"nothing", nothing},           {"seven", seven},
	{"cpuid", check_cpuid},         {"tsc", check_tsc},
	{"tscp", check_tscp},           {"cpuid-prefixed", check_cpuid_prefixed},
	{"flags", check_flags},         {"rsp", check_rsp},
	{"rsp-trap", check_rsp_trap},   {"segments", check_segments},
	{"registers", check_registers}, {"vmgexit", check_vmgexit},
	{"fpu-clean", check_fpu_clean}, {NULL, NULL},
};
