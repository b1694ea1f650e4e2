/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Ring 3 and back. user_enter() returns whether ring 3 was entered. It saves the kernel's callee-saved registers on the stack and RSP in
 * struct cpu. A SYSCALL, an exception or an interrupt in ring 3 fills struct user_regs and returns
 * from user_enter().
 *
 * Between SYSCALL and the switch of RSP, and between SWAPGS and IRETQ or SYSRETQ, code in ring 0
 * runs with the user's GS or RSP. That is safe because no vector uses that RSP (cpu/desc.h), none
 * trusts GS here (cpu/trap/entry.S), and exception_stack() leaves a handler that interrupted code
 * between user_text and user_text_end on its IST stack.
 *
 * SYSRETQ is safe because RIP comes from the SYSCALL instruction: it is the user's, below USER_END
 * and canonical. Nothing changes it but a step back to that instruction, or to 0 by
 * service_kill(). RFLAGS is what ring 3 had. SYSRETQ takes RCX and R11 for RIP and RFLAGS; SYSCALL
 * has overwritten these two anyway.
 */
#include "mm/layout.h"

#define R15      0x00
#define R14      0x08
#define R13      0x10
#define R12      0x18
#define R11      0x20
#define R10      0x28
#define R9       0x30
#define R8       0x38
#define RBP      0x40
#define RDI      0x48
#define RSI      0x50
#define RDX      0x58
#define RCX      0x60
#define RBX      0x68
#define RAX      0x70
#define VECTOR   0x78
#define RIP      0x88
#define RFLAGS   0x98
#define RSP      0xa0
#define WORDS    22 /* quadwords of struct user_regs up to and including SS */
#define SYSCALL  256

	.text
	.globl user_text
user_text:

	.globl user_enter
	.type user_enter, @function
user_enter: /* RDI: struct user_regs *; RSI, EDX: not when the count there has changed */
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %gs:CPU_KERNEL_RSP
	movq %rdi, %gs:CPU_USER_REGS
	.globl user_window
user_window: /* a #HV up to user_window_end goes on at user_stay: cpu/trap/hv_entry.S */
	cmpl %edx, (%rsi)
	jne user_stay
	movq %rdi, %rsp
	movq R15(%rsp), %r15
	movq R14(%rsp), %r14
	movq R13(%rsp), %r13
	movq R12(%rsp), %r12
	movq R10(%rsp), %r10
	movq R9(%rsp), %r9
	movq R8(%rsp), %r8
	movq RBP(%rsp), %rbp
	movq RDI(%rsp), %rdi
	movq RSI(%rsp), %rsi
	movq RDX(%rsp), %rdx
	movq RBX(%rsp), %rbx
	movq RAX(%rsp), %rax
	cmpl $SYSCALL, VECTOR(%rsp)
	jne 1f /* it stopped by SYSCALL: back by SYSRET, which is quicker */
	movq RIP(%rsp), %rcx
	movq RFLAGS(%rsp), %r11
	movq RSP(%rsp), %rsp
	swapgs
	.globl user_sysret
user_sysret:
	sysretq
1:	movq R11(%rsp), %r11
	movq RCX(%rsp), %rcx
	addq $RIP, %rsp
	swapgs
	.globl user_iret
user_iret:
	iretq
	.globl user_window_end
user_window_end:

	/* Not entered after all. RSP may be anything; *regs is as it was. */
	.globl user_stay_swap, user_stay
user_stay_swap:
	swapgs
user_stay:
	xorl %eax, %eax
	jmp user_return

	/* Entered by SYSCALL (MSR LSTAR) with the user's RSP and GS. SFMASK has cleared IF, DF,
	 * TF, AC and others. */
	.globl user_syscall
	.type user_syscall, @function
user_syscall:
	swapgs
	movq %rsp, %gs:CPU_SCRATCH
	movq %gs:CPU_USER_REGS, %rsp
	movq %r15, R15(%rsp)
	movq %r14, R14(%rsp)
	movq %r13, R13(%rsp)
	movq %r12, R12(%rsp)
	movq %r11, R11(%rsp)
	movq %r10, R10(%rsp)
	movq %r9, R9(%rsp)
	movq %r8, R8(%rsp)
	movq %rbp, RBP(%rsp)
	movq %rdi, RDI(%rsp)
	movq %rsi, RSI(%rsp)
	movq %rdx, RDX(%rsp)
	movq %rcx, RCX(%rsp)
	movq %rbx, RBX(%rsp)
	movq %rax, RAX(%rsp)
	movq $SYSCALL, VECTOR(%rsp)
	movq %rcx, RIP(%rsp)
	movq %r11, RFLAGS(%rsp)
	movq %gs:CPU_SCRATCH, %rax
	movq %rax, RSP(%rsp)
	jmp user_leave

	/* Jumped to by cpu/trap/entry.S: RSP points at the frame on an IST stack, GS is the kernel's. A
	 * frame has the layout of the first quadwords of struct user_regs. */
	.globl user_trap
	.type user_trap, @function
user_trap:
	movq %rsp, %rsi
	movq %gs:CPU_USER_REGS, %rdi
	movl $WORDS, %ecx
	rep movsq
	.globl user_leave
user_leave:
	movl $1, %eax
user_return:
	movq %gs:CPU_KERNEL_RSP, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	.globl user_text_end
user_text_end:

	.section .note.GNU-stack, "", @progbits
