/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void vmrun_asm(uint64_t vmcb, uint64_t host_vmcb, uint64_t gpr[16], uint64_t cr4);
 *
 * One VMRUN: APM vol. 2, 15.5. FS, GS, TR, LDTR and the system call MSRs travel by VMLOAD and VMSAVE,
 * RAX and RSP in the VMCB, the other registers here. Called and returns with IF=0, GIF=1; the guest
 * runs with the host's IF=1, so that physical interrupts end it (V_INTR_MASKING). cr4 is what the
 * host's CR4 has to be, 0 when it is that already.
 */
	.text
	.globl vmrun_asm
	.type vmrun_asm, @function
vmrun_asm:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rsi
	push %rdx
	mov %rdi, %rax
	mov %rdx, %rdi
	test %rcx, %rcx
	jz 1f
	mov %rcx, %cr4	/* flushes the TLB: late, when little is touched before VMRUN does it again */
1:
	mov 0x08(%rdi), %rcx
	mov 0x10(%rdi), %rdx
	mov 0x18(%rdi), %rbx
	mov 0x28(%rdi), %rbp
	mov 0x30(%rdi), %rsi
	mov 0x40(%rdi), %r8
	mov 0x48(%rdi), %r9
	mov 0x50(%rdi), %r10
	mov 0x58(%rdi), %r11
	mov 0x60(%rdi), %r12
	mov 0x68(%rdi), %r13
	mov 0x70(%rdi), %r14
	mov 0x78(%rdi), %r15
	mov 0x38(%rdi), %rdi
	clgi
	vmload %rax
	sti
	nop	/* the shadow of STI must not reach into the guest: QEMU would carry it over */
	vmrun %rax
	cli
	vmsave %rax
	push %rdi
	mov 8(%rsp), %rdi
	mov %rcx, 0x08(%rdi)
	mov %rdx, 0x10(%rdi)
	mov %rbx, 0x18(%rdi)
	mov %rbp, 0x28(%rdi)
	mov %rsi, 0x30(%rdi)
	mov %r8, 0x40(%rdi)
	mov %r9, 0x48(%rdi)
	mov %r10, 0x50(%rdi)
	mov %r11, 0x58(%rdi)
	mov %r12, 0x60(%rdi)
	mov %r13, 0x68(%rdi)
	mov %r14, 0x70(%rdi)
	mov %r15, 0x78(%rdi)
	pop 0x38(%rdi)
	pop %rdx
	pop %rax
	vmload %rax
	stgi
	/* QEMU's VMEXIT clears a bit of interrupt_request without a lock and so may lose an interrupt
	 * that arrives just then: a write of TPR makes the local APIC raise it again. */
	xor %eax, %eax
	mov %rax, %cr8
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size vmrun_asm, . - vmrun_asm
	.section .note.GNU-stack, "", @progbits
