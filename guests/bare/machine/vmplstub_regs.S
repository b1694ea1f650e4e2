/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* void vmplstub_registers(struct vmplstub *s): known values in registers across RUN_VMPL(0). */
	.text
	.globl vmplstub_registers
vmplstub_registers:
	push %rbx
	push %rbp
	push %r15
	push %rdi
	mov $0xc0010130, %ecx
	mov $0x016, %eax /* RUN_VMPL, VMPL0 */
	xor %edx, %edx
	wrmsr
	mov $0x1111111111111111, %rbx
	mov $0x2222222222222222, %rbp
	mov $0x3333333333333333, %rsi
	mov $0x4444444444444444, %r8
	mov $0x5555555555555555, %r9
	mov $0x6666666666666666, %r15
	rep; vmmcall
	pop %rdi
	mov %rbx, 8(%rdi)
	mov %r9, 16(%rdi)
	mov %r15, 24(%rdi)
	pop %r15
	pop %rbp
	pop %rbx
	ret

	.section .note.GNU-stack, "", @progbits
