/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A call changes RAX and the outputs that its table names, nothing else of the vCPU: 58019, 5. */
#include "bare/core/calls.h"
#include "bare/lib/ghcb.h"

struct register_set {
	uint64_t gpr[15]; /* rax rbx rcx rdx rsi rdi rbp r8..r15 */
	uint64_t rflags;
	uint64_t xmm[16][2];
};

void registers_call(struct register_set *in, struct register_set *out, struct svsm_caa *caa);

enum {
	RAX = 0,
	RCX = 2
};

static const char *const names[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
				    "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static struct register_set in, out;

static void call(void)
{
	wrmsr(MSR_GHCB, GHCB_MSR_RUN_VMPL_REQ);
	registers_call(&in, &out, percpu()->caa);
	ghcb_select();
}

static void fill(uint64_t seed)
{
	for (unsigned i = 0; i < 15; i++)
		in.gpr[i] = seed * (i + 3) + 0x0101010101010101 * i;
	for (unsigned i = 0; i < 16; i++) {
		in.xmm[i][0] = seed ^ i;
		in.xmm[i][1] = ~seed - i;
	}
	in.rflags = RFLAGS_R1 | RFLAGS_CF | RFLAGS_DF | RFLAGS_AC;
}

static void compare(uint64_t rax, bool rcx_too)
{
	CHECK_EQ(out.gpr[RAX], rax);
	for (unsigned i = 1; i < 15; i++) {
		if (i == RCX && !rcx_too)
			continue;
		test_case("%s", names[i]);
		CHECK_EQ(out.gpr[i], in.gpr[i]);
	}
	test_case("flags");
	CHECK_EQ(out.rflags, in.rflags);
	for (unsigned i = 0; i < 16; i++) {
		test_case("xmm%u", i);
		CHECK_EQ(out.xmm[i][0], in.xmm[i][0]);
		CHECK_EQ(out.xmm[i][1], in.xmm[i][1]);
	}
}

TEST(registers_kept, "registers-kept", "all other registers, flags and SSE survive a call",
     "svsm:5:registers")
{
	fill(0x9e3779b97f4a7c15);
	in.gpr[RAX] = CORE(QUERY_PROTOCOL);
	in.gpr[RCX] = 1;
	call();
	CHECK_EQ(out.gpr[RCX], 1ull << 32 | 1);
	compare(SVSM_SUCCESS, false);
}

TEST(registers_error, "registers-kept-error", "the same when the call is refused",
     "svsm:5:registers")
{
	fill(0xc2b2ae3d27d4eb4f);
	in.gpr[RAX] = SVSM_CALL(0x77, 0x88);
	call();
	compare(SVSM_ERR_UNSUPPORTED_PROTOCOL, true);
}

/* Control registers, segment bases and debug addresses: APM vol. 2, table B-4. */
TEST(system_kept, "system-registers-kept",
     "CR2, CR3, CR4, EFER, segment bases and DR0-3 survive a call",
     "svsm:5:registers apm:vmsa:state")
{
	uint64_t cr0 = read_cr0(), cr3 = read_cr3(), cr4 = read_cr4(), efer = rdmsr(MSR_EFER), d[4];

	wrmsr(MSR_FS_BASE, 0x1111000);
	wrmsr(MSR_GS_BASE, 0x2222000);
	wrmsr(MSR_KERNEL_GS_BASE, 0x3333000);
	__asm__ volatile("mov %0, %%cr2" : : "r"(0x4444000ull));
	__asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\tmov %2, %%dr2\n\tmov %3, %%dr3"
			 :
			 : "r"(0x5000ull), "r"(0x6000ull), "r"(0x7000ull), "r"(0x8000ull));
	CHECK_EQ(svsm(CORE(QUERY_PROTOCOL), 1, 0, 0, 0), SVSM_SUCCESS);
	__asm__ volatile("mov %%dr0, %0\n\tmov %%dr1, %1\n\tmov %%dr2, %2\n\tmov %%dr3, %3"
			 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3]));
	CHECK_EQ(read_cr2(), 0x4444000);
	CHECK_EQ(rdmsr(MSR_FS_BASE), 0x1111000);
	CHECK_EQ(rdmsr(MSR_GS_BASE), 0x2222000);
	CHECK_EQ(rdmsr(MSR_KERNEL_GS_BASE), 0x3333000);
	CHECK_EQ(read_cr0(), cr0);
	CHECK_EQ(read_cr3(), cr3);
	CHECK_EQ(read_cr4(), cr4);
	CHECK_EQ(rdmsr(MSR_EFER), efer);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(d[i], 0x5000 + i * 0x1000);
	__asm__ volatile("mov %0, %%dr0\n\tmov %0, %%dr1\n\tmov %0, %%dr2\n\tmov %0, %%dr3"
			 :
			 : "r"(0ull));
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_GS_BASE, 0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}
