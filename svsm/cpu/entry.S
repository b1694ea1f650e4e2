/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Exception entry. Every stub pushes vector and error code, saves the registers and asks
 * exception_stack() where to go on: the vectors with an IST stack move their frame to the interrupted
 * stack when that is sound, so that the IST stack is free for the same vector again (#VC in a #VC
 * handler). Interrupts never arrive: IF is 0 throughout.
 */
	.text
	.macro stub vector, has_error
	.balign 16
	.if \has_error == 0
	pushq $0
	.endif
	pushq $\vector
	jmp entry_common
	.endm

	.balign 16
	.globl entry_stubs /* 16 bytes each */
	.type entry_stubs, @function
entry_stubs:
	.set n, 0
	.rept 32
	.if n == 8 || (n >= 10 && n <= 14) || n == 17 || n == 21 || n == 29 || n == 30
	stub n, 1
	.else
	stub n, 0
	.endif
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
	xorl %ebp, %ebp
	movq %rsp, %rdi
	call exception_stack
	movq %rax, %rsp
	movq %rax, %rdi
	call exception_dispatch
	popq %r15
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
