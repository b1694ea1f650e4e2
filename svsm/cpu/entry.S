/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exception and interrupt entry, all 256 vectors, each on its IST stack. A frame as in cpu/frame.h is
 * built there. The CPU aligns the stack before it pushes (APM vol. 2, 8.9.3), so bit 3 of RSP tells
 * whether an error code came: a hypervisor that injects vector 14 need not bring one.
 *
 * From ring 3: user_trap (user/user.S) makes it the return of user_enter(); an NMI goes back at once,
 * because on the way out by SYSRET no IRET would open the CPU for the next one.
 *
 * From ring 0: exception_stack() tells where to go on. The vectors that nest move their frame to the
 * interrupted stack when that is sound, so that the IST stack is free for the same vector again (#VC
 * in a #VC handler).
 *
 * GS: in ring 0 it is the kernel's, except for a few instructions of user/user.S, where an NMI or
 * whatever a hypervisor injects may strike. GS_BASE itself tells: struct cpu lies in the upper half,
 * and a user's base is 0 always (no FSGSBASE, no descriptor with a base). Whoever had the user's GS
 * gets it back, and its stack is not used.
 */
#include "mm/layout.h"

#define GS_BASE_MSR  0xc0000101
#define VECTOR_NMI   2
#define FRAME_VECTOR 0x78
#define FRAME_CS     0x90

	.text
	.balign 32
	.globl entry_stubs /* 32 bytes each: cpu/desc.c */
	.type entry_stubs, @function
entry_stubs:
	.set n, 0
	.rept 256
	.balign 32
	testb $8, %spl
	jz 1f
	pushq $0
1:	pushq $n
	jmp entry_common
	.set n, n + 1
	.endr

	.type entry_common, @function
entry_common:
	pushq %rax
	pushq %rbx
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	clac /* a gate leaves AC as it was, the user's too */
	xorl %ebp, %ebp
	testb $3, FRAME_CS(%rsp)
	jz 1f
	swapgs
	cmpq $VECTOR_NMI, FRAME_VECTOR(%rsp)
	jne user_trap
	jmp 2f

1:	movl $GS_BASE_MSR, %ecx
	rdmsr
	testl %edx, %edx
	js 3f
	swapgs
2:	movl $1, %ebx /* GS goes back to the user's */
	movq %rsp, %rdi
	jmp 4f

3:	xorl %ebx, %ebx
	movq %rsp, %rdi
	call exception_stack
	movq %rax, %rsp
	movq %rax, %rdi
4:	call exception_dispatch
	testl %ebx, %ebx
	jz 5f
	swapgs
5:	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rbp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rbx
	popq %rax
	addq $16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
