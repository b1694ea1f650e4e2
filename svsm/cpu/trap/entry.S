/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exception and interrupt entry for all 256 vectors, each on its IST stack. The stubs build a
 * frame as in cpu/frame.h and call exception_dispatch().
 *
 * Error code. The CPU aligns the stack to 16 bytes before it pushes (APM vol. 2, 8.9.3), so bit 3
 * of RSP tells whether an error code was pushed. The vector does not tell it: a hypervisor that
 * injects vector 14 need not bring one.
 *
 * From ring 3. user_trap (user/user.S) turns the exception into the return of user_enter(). Only
 * an NMI is handled here and goes back by IRET at once: user_enter() may leave by SYSRET later,
 * and SYSRET does not end the blocking of further NMIs.
 *
 * From ring 0. exception_stack() chooses the stack for the handler. #VC and #PF move to the
 * interrupted stack when that is sound, which frees their IST stack for the same vector again. When
 * the frame has overwritten what the interrupted code needs, the handler never comes back.
 *
 * GS. In ring 0 GS is the kernel's, except for a few instructions of user/user.S, where an NMI or
 * an injected vector may strike. GS_BASE itself tells the two apart: struct cpu lies in the upper
 * half, and the user's base is always 0, because ring 3 cannot set it (no FSGSBASE, no descriptor
 * with a base). Code that was interrupted with the user's GS gets it back.
 */
#include "mm/layout.h"

#define GS_BASE_MSR  0xc0000101
#define VECTOR_NMI   2
#define FRAME_VECTOR 0x78
#define FRAME_CS     0x90

	.text
	.balign 32
	.globl entry_stubs /* one stub each STUB_SIZE (32) bytes: cpu/desc.c */
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

	.globl entry_common /* cpu/trap/hv_entry.S */
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
	clac /* a gate does not clear AC, which the user may have set */
	xorl %ebp, %ebp
	testb $3, FRAME_CS(%rsp)
	jz 1f
	swapgs
	cmpq $VECTOR_NMI, FRAME_VECTOR(%rsp)
	jne user_trap
	jmp 2f /* an NMI in ring 3 */

1:	movl $GS_BASE_MSR, %ecx /* from ring 0: whose GS is it? */
	rdmsr
	xorl %ebx, %ebx /* the kernel's stays */
	testl %edx, %edx
	js 3f
	swapgs
2:	movl $1, %ebx /* GS must be the user's again on the way out */
3:	movq %rsp, %rdi
	call exception_stack
	movq %rax, %rsp
	movq %rax, %rdi
	call exception_dispatch
	testl %ebx, %ebx
	jz 4f
	swapgs
4:	popq %r15
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
	addq $16, %rsp /* vector and error code */
	iretq

	.section .note.GNU-stack, "", @progbits
