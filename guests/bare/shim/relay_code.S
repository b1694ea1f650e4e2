/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What VMPL2 runs in place of the payload when the hypervisor is asked for something in its name:
 * 32-bit protected mode without paging, each access private. ECX is the GHCB's MSR, EAX the request
 * or the GHCB's address, EBX the RUN_VMPL that ends it.
 */
	.text
	.balign 4096
	.globl relay_page
relay_page:
	.code32
	.globl relay_start
relay_start:
	xor %edx, %edx
	wrmsr
	rep; vmmcall
	mov %ebx, %eax
	xor %edx, %edx
	wrmsr
	rep; vmmcall
	ud2

/* An NMI that comes meanwhile is noted at EBP: the payload gets it later. */
	.globl relay_nmi
relay_nmi:
	incl (%ebp)
	iret
	.balign 4096
	.code64

	.section .note.GNU-stack, "", @progbits
