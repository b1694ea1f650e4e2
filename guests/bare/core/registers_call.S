/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void registers_call(struct register_set *in, struct register_set *out, struct svsm_caa *caa):
 * loads every register of *in, sets call_pending, exits to VMPL0 (the GHCB MSR holds RUN_VMPL),
 * and stores every register to *out. struct register_set: rax rbx rcx rdx rsi rdi rbp r8..r15
 * rflags, then 16 XMM registers.
 */
	.text
	.globl registers_call
registers_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsi, out(%rip)
	movb $1, (%rdx)
	mov %rdi, %rax
	.set n, 0
	.irp x, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movups (128 + \x * 16)(%rax), %xmm\x
	.endr
	mov 8(%rax), %rbx
	mov 16(%rax), %rcx
	mov 24(%rax), %rdx
	mov 32(%rax), %rsi
	mov 40(%rax), %rdi
	mov 48(%rax), %rbp
	mov 56(%rax), %r8
	mov 64(%rax), %r9
	mov 72(%rax), %r10
	mov 80(%rax), %r11
	mov 88(%rax), %r12
	mov 96(%rax), %r13
	mov 104(%rax), %r14
	mov 112(%rax), %r15
	pushq 120(%rax)
	mov 0(%rax), %rax
	popfq
	rep; vmmcall
	pushfq
	push %rax
	mov out(%rip), %rax
	mov %rbx, 8(%rax)
	mov %rcx, 16(%rax)
	mov %rdx, 24(%rax)
	mov %rsi, 32(%rax)
	mov %rdi, 40(%rax)
	mov %rbp, 48(%rax)
	mov %r8, 56(%rax)
	mov %r9, 64(%rax)
	mov %r10, 72(%rax)
	mov %r11, 80(%rax)
	mov %r12, 88(%rax)
	mov %r13, 96(%rax)
	mov %r14, 104(%rax)
	mov %r15, 112(%rax)
	popq 0(%rax)
	popq 120(%rax)
	.irp x, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	movups %xmm\x, (128 + \x * 16)(%rax)
	.endr
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 8
out:
	.quad 0

	.section .note.GNU-stack, "", @progbits
