/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What this CPU needs to run ring 3: SYSCALL's MSRs, and loading and storing of a process's state.
 * Also the accessors of user memory. The kernel's own state must not leak: whatever a process can
 * read of the CPU is set here before it runs.
 */
#include "user/usermode.h"
#include "base/speculation.h"
#include "base/x86.h"
#include "mm/copy.h"
#include "mm/paging.h"
#include "cpu/percpu.h"
#include "cpu/predictor.h"
#include "lib/string.h"
#include "platform/platform.h"

ABI_OFFSET(struct cpu, user_kernel_rsp, CPU_KERNEL_RSP, "mm/layout.h");
ABI_OFFSET(struct cpu, user_regs, CPU_USER_REGS, "mm/layout.h");
ABI_OFFSET(struct cpu, user_scratch, CPU_SCRATCH, "mm/layout.h");
ABI_OFFSET(struct user_regs, rip, 0x88, "user/user.S");
ABI_OFFSET(struct user_regs, fs_base, 22 * 8, "user/user.S: 22 words like struct frame");

/* Flags of ring 3 that the kernel must not inherit: SYSCALL clears them. */
#define SYSCALL_CLEARS                                                                             \
	(RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | BIT(12) | BIT(13) | RFLAGS_NT | RFLAGS_RF |           \
	 RFLAGS_AC | BIT(21))

/* What the boot stub and the VMSA of another CPU have set; nothing else may be. */
#define EFER_KEPT    (EFER_SVME | EFER_NXE | EFER_LMA | EFER_LME)
#define FLUSH_SINGLY 32 /* pages to flush one by one; for more, flush everything */

extern const char user_syscall[];

void usermode_init_cpu(void)
{
	/* SYSRET: SS = base + 8, CS = base + 16 */
	uint64_t star = (uint64_t)(SEL_USER_DATA - 8) << 48 | (uint64_t)SEL_CODE << 32;

	wrmsr(MSR_EFER, (rdmsr(MSR_EFER) & EFER_KEPT) | EFER_SCE);
	wrmsr(MSR_STAR, star);
	wrmsr(MSR_LSTAR, (uint64_t)user_syscall);
	wrmsr(MSR_SFMASK, SYSCALL_CLEARS);
}

void usermode_fpu_init(uint8_t *fpu)
{
	const uint16_t fcw = 0x37f;
	const uint32_t mxcsr = 0x1f80;

	memset(fpu, 0, 512);
	memcpy(fpu, &fcw, sizeof(fcw));
	memcpy(fpu + 24, &mxcsr, sizeof(mxcsr));
}

/*
 * Clears what the process before this one has left in the segment registers. Loading FS or GS may
 * change its base as well: FS's is set right afterwards, and the user's GS base, the one behind
 * SWAPGS, at the end here.
 */
static void reset_segments(void)
{
	uint32_t gs;

	__asm__ volatile("mov %0, %%ds\n"
			 "mov %0, %%es\n"
			 "mov %0, %%fs\n"
			 :
			 : "r"(0));
	__asm__ volatile("mov %%gs, %0" : "=r"(gs));
	if (gs)
		__asm__ volatile("swapgs\n"
				 "mov %0, %%gs\n"
				 "swapgs\n"
				 :
				 : "r"(0)
				 : "memory");
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void usermode_set_fs(const struct process *p)
{
	wrmsr(MSR_FS_BASE, p->regs.fs_base);
}

void usermode_load(struct process *p)
{
	platform->before_ring3();
	predictor_flush(); /* what another service has trained on this CPU */
	space_enter(&p->space);
	reset_segments();
	usermode_set_fs(p);
	/* On processors with SNP, FXRSTOR restores every field (CPUID 80000008 EBX[2]), so nothing
	 * of the process before is left. */
	__asm__ volatile("fxrstor64 (%0)" : : "r"(p->fpu) : "memory");
}

/* To be called on the CPU that loaded p, before any other process is loaded there. */
void usermode_store(struct process *p)
{
	predictor_flush();
	__asm__ volatile("fxsave64 (%0)" : : "r"(p->fpu) : "memory");
	space_leave();
}

void space_enter(const struct space *s)
{
	write_cr3(paging_pa(s->root).v | platform_cbit);
}

void space_leave(void)
{
	write_cr3(paging_root());
}

/* CR3 is written for a long range: many single flushes would cost more than refilling the TLB. */
void space_flush(uint64_t va, uint64_t len)
{
	if (len > FLUSH_SINGLY * PAGE_SIZE) {
		write_cr3(read_cr3());
		return;
	}
	for (uint64_t at = va; at < va + len; at += PAGE_SIZE)
		invlpg(at);
}

static bool is_user(uint64_t va, size_t len)
{
	return va >= USER_BASE && va <= USER_END && len <= USER_END - va;
}

/* A copy behind a check that fails would read the kernel, so the address is masked, and a copy does
 * not begin before its length is known to be right. */
static void *user_ptr(uint64_t va)
{
	return (void *)speculation_index(va, USER_END + 1);
}

/* SMAP is lifted for the copy only; a fault in it becomes the return value. */
static bool user_copy(void *to, const void *from, size_t len)
{
	int r;

	__asm__ volatile("stac" : : : "memory", "cc");
	speculation_barrier();
	r = fault_copy(to, from, len);
	__asm__ volatile("clac" : : : "memory", "cc");
	return !r;
}

bool user_copy_in(void *to, uint64_t va, size_t len)
{
	return is_user(va, len) && user_copy(to, user_ptr(va), len);
}

bool user_copy_out(uint64_t va, const void *from, size_t len)
{
	return is_user(va, len) && user_copy(user_ptr(va), from, len);
}
