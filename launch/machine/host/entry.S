/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * All 256 vectors. The CPU aligns the stack before it pushes a frame (APM vol. 2, 8.9.3), so bit 3 of
 * RSP tells whether an error code was pushed. That matters: a guest can have a device send any vector,
 * and an interrupt that calls itself 14 brings none.
 */
	.text
	.balign 32
	.globl entry_stubs
entry_stubs:
	.set vector, 0
	.rept 256
	.balign 32
	testb $8, %spl
	jz 1f
	push $0
1:	push $vector
	jmp entry_common
	.set vector, vector + 1
	.endr

entry_common:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	mov %rsp, %rbp
	and $-16, %rsp
	call entry_dispatch
	mov %rbp, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

	/* void irq_open(void): take what is pending. One instruction after STI keeps the window real. */
	.globl irq_open
irq_open:
	sti
	nop
	nop
	cli
	ret

	/* void irq_sleep(void): STI holds interrupts back for one instruction, so none is lost before HLT. */
	.globl irq_sleep
irq_sleep:
	sti
	hlt
	cli
	ret
	.section .note.GNU-stack, "", @progbits
