/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Entry from the IGVM's VMSA: 32-bit protected mode, paging off, flat segments, interrupts off.
 * With paging off every access is private (APM vol. 2, 15.34.6), so the page tables can be patched
 * with the C-bit before it is known to anyone else. No stack, no IDT: failures end by the GHCB MSR
 * protocol's termination request (GHCB 2.3.1).
 */
#include "cpu/layout.h"

#define PHYS(x) ((x) - KERNEL_OFFSET)
#define GHCB_MSR 0xc0010130
#define EFER_MSR 0xc0000080

	.section .boot, "ax"
	.code32
	.globl boot_start
boot_start:
	cli
	cld

	/* The hypervisor leaves the SEV information in the MSR; if not, ask. */
	movl $GHCB_MSR, %ecx
	rdmsr
	movl %eax, %ebx
	andl $0xfff, %ebx
	cmpl $0x001, %ebx
	je 1f
	movl $0x002, %eax
	xorl %edx, %edx
	wrmsr
	.byte 0xf3, 0x0f, 0x01, 0xd9 /* VMGEXIT */
	rdmsr
	movl %eax, %ebx
	andl $0xfff, %ebx
	cmpl $0x001, %ebx
	jne boot_fail
1:	/* EAX[31:24]: the C-bit's position. EDX: max and min version, for kernel/early.c. */
	movl %edx, boot_versions
	shrl $24, %eax
	subl $32, %eax
	jb boot_fail
	cmpl $20, %eax
	jae boot_fail
	movl %eax, %ecx
	movl $1, %esi
	shll %cl, %esi /* upper half of the C-bit mask */

	/* Every present entry of the boot page tables gets the C-bit. */
	movl $PHYS(boot_tables), %edi
	movl $PHYS(boot_tables_end), %ecx
2:	testl $1, (%edi)
	jz 3f
	orl %esi, 4(%edi)
3:	addl $8, %edi
	cmpl %ecx, %edi
	jb 2b

	movl %cr4, %eax
	orl $0x20, %eax /* PAE */
	movl %eax, %cr4
	movl $PHYS(boot_pml4), %eax /* without C: table walks are private anyway */
	movl %eax, %cr3
	movl $EFER_MSR, %ecx
	rdmsr
	orl $0x900, %eax /* LME, NXE */
	wrmsr
	lgdt boot_gdtr
	movl %cr0, %eax
	orl $0x80010000, %eax /* PG, WP */
	movl %eax, %cr0
	ljmp $SEL_CODE, $boot_long

boot_fail: /* set 0, reason 1: the protocol is not ours */
	movl $GHCB_MSR, %ecx
	movl $0x00010100, %eax
	xorl %edx, %edx
	wrmsr
	.byte 0xf3, 0x0f, 0x01, 0xd9 /* VMGEXIT */
4:	hlt
	jmp 4b

	.code64
boot_long:
	movl $SEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	shlq $32, %rsi
	movl $PHYS(boot_pml4), %eax
	orq %rsi, %rax
	movq %rax, %cr3
	movq $boot_high, %rax
	jmp *%rax

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* code, 64-bit */
	.quad 0x00cf93000000ffff /* data */
boot_gdt_end:
boot_gdtr:
	.word boot_gdt_end - boot_gdt - 1
	.long boot_gdt
	.balign 4
boot_versions:
	.long 0

	.text
	.code64
boot_high:
	movq $boot_stack + BOOT_STACK_SIZE, %rsp
	xorl %ebp, %ebp
	movq %rsi, %rdi /* C-bit mask */
	xorl %esi, %esi
	movl boot_versions, %esi /* max[31:16] min[15:0] */
	call early_main
5:	hlt
	jmp 5b

	/* Loaded pages: nothing is validated yet but what the IGVM holds. */
	.section .data.page, "aw"
	.balign 0x1000
boot_tables:
boot_pml4:
	.quad PHYS(boot_pdpt_low) + 3
	.fill 510, 8, 0
	.quad PHYS(boot_pdpt_high) + 3
boot_pdpt_low:
	.quad PHYS(boot_pd_low) + 3
	.fill 511, 8, 0
boot_pdpt_high:
	.fill 510, 8, 0
	.quad PHYS(boot_pd_high) + 3
	.quad 0
boot_pd_low: /* the entry page where it is linked */
	.fill KERNEL_PHYS >> 21, 8, 0
	.quad KERNEL_PHYS + 0x83
	.fill 511 - (KERNEL_PHYS >> 21), 8, 0
boot_pd_high: /* KERNEL_MAX at KERNEL_BASE */
	.set at, KERNEL_PHYS
	.rept KERNEL_MAX >> 21
	.quad at + 0x83
	.set at, at + 0x200000
	.endr
	.fill 512 - (KERNEL_MAX >> 21), 8, 0
boot_tables_end:
	.globl boot_stack
boot_stack:
	.fill BOOT_STACK_SIZE, 1, 0

	.section .note.GNU-stack, "", @progbits
