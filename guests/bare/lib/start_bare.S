/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* First byte of a bare image: 64-bit mode, identity page tables of the loader, RSI = cc_blob. */
	.section .start, "ax"
	.globl start
start:
	cli
	cld
	lea boot_stack_top(%rip), %rsp
	mov %rsi, %rdi
	xor %ebp, %ebp
	call boot_main
1:	hlt
	jmp 1b

	.section .bss
	.balign 4096
boot_stack:
	.skip 0x8000
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
