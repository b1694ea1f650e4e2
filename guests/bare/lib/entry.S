/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* 256 entry stubs, 16 bytes apart, one frame layout (struct trap_frame). */

	.text
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set vec, 0
	.rept 256
	.balign 16
	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code themselves */
	.if (vec == 8) || ((vec >= 10) && (vec <= 14)) || (vec == 17) || (vec == 21) || (vec == 29) || (vec == 30)
	.else
	pushq $0
	.endif
	pushq $vec
	jmp trap_common
	.set vec, vec + 1
	.endr

trap_common:
	cld
	push %rax
	push %rbx
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %rbp
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	mov %rsp, %rbx
	and $-16, %rsp
	call trap_dispatch
	mov %rbx, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rbp
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rbx
	pop %rax
	add $16, %rsp
	iretq

	/* What the caller needs to go on from here, in 64 bytes at RDI. */
	.macro save_caller
	mov %rbx, 0(%rdi)
	mov %rbp, 8(%rdi)
	mov %r12, 16(%rdi)
	mov %r13, 24(%rdi)
	mov %r14, 32(%rdi)
	mov %r15, 40(%rdi)
	lea 8(%rsp), %rcx
	mov %rcx, 48(%rdi)
	mov (%rsp), %rcx
	mov %rcx, 56(%rdi)
	.endm

/* uint64_t fault_save(struct fault *f): returns 0, and once more with 1 after a fault (trap.h) */
	.globl fault_save
fault_save:
	save_caller
	jmp fault_arm

/* void trap_enter_user(void (*fn)(void), uint64_t stack_top) */
	.globl trap_enter_user
trap_enter_user:
	mov $0x1b, %eax
	mov %eax, %ds
	mov %eax, %es
	pushq $0x1b
	push %rsi
	pushq trap_user_rflags(%rip)
	pushq $0x23
	push %rdi
	iretq

/* uint64_t test_escape_save(void *where), void test_escape_jump(void *where): test_report.c */
	.globl test_escape_save
test_escape_save:
	save_caller
	xor %eax, %eax
	ret

	.globl test_escape_jump
test_escape_jump:
	mov 0(%rdi), %rbx
	mov 8(%rdi), %rbp
	mov 16(%rdi), %r12
	mov 24(%rdi), %r13
	mov 32(%rdi), %r14
	mov 40(%rdi), %r15
	mov 48(%rdi), %rsp
	mov $1, %eax
	jmp *56(%rdi)

	.data
	.balign 8
	.globl trap_user_rflags
trap_user_rflags:
	.quad 2

	.section .note.GNU-stack, "", @progbits
