/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Entry of a payload at VMPL0: 32-bit protected mode without paging, flat segments. With paging off
 * every access is private, so page tables can be built before the C-bit is in use. The lowest GiB
 * is mapped here; paging_init maps the rest.
 */
#define MSR_EFER 0xc0000080
#define MSR_GHCB 0xc0010130
#define SEV_INFO_REQ 2

	.section .start, "ax"
	.code32
	.globl start
start:
	cli
	cld
	mov $boot_stack_top, %esp
	/* the C-bit's position: GHCB MSR protocol, SEV Information */
	mov $MSR_GHCB, %ecx
	mov $SEV_INFO_REQ, %eax
	xor %edx, %edx
	wrmsr
	rep; vmmcall
	rdmsr
	mov %eax, %ecx
	shr $24, %ecx
	sub $32, %ecx
	mov $1, %ebx
	shl %cl, %ebx /* the C-bit within the upper half of an entry */

	mov $boot_pdpt + 3, %eax
	mov %eax, boot_pml4
	mov %ebx, boot_pml4 + 4
	mov $boot_pd + 3, %eax
	mov %eax, boot_pdpt
	mov %ebx, boot_pdpt + 4
	mov $boot_pd, %edi
	mov $0x83, %eax
	mov $512, %ecx
1:	mov %eax, (%edi)
	mov %ebx, 4(%edi)
	add $8, %edi
	add $0x200000, %eax
	loop 1b

	mov %cr4, %eax
	or $0x20, %eax /* PAE */
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $0x900, %eax /* LME, NXE */
	wrmsr
	mov $boot_pml4, %eax /* table walks are private whatever CR3's C-bit says */
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000001, %eax
	mov %eax, %cr0
	lgdt boot_gdt_pointer
	ljmp $0x08, $start64

	.code64
start64:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	lea boot_stack_top(%rip), %rsp
	xor %edi, %edi
	xor %ebp, %ebp
	call boot_main
1:	hlt
	jmp 1b

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
boot_gdt_pointer:
	.word . - boot_gdt - 1
	.long boot_gdt

	.section .bss
	.balign 4096
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pd:
	.skip 4096
boot_stack:
	.skip 0x8000
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
