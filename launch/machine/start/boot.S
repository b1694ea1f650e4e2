/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Entry from QEMU's multiboot loader on CPU 0: 32-bit protected mode, paging off, image at its load
 * address. Enters long mode on first tables which map the low 4 GiB three times: identity, direct map
 * and (the first 512 MiB) at the image's own address.
 */
#include "machine/layout.h"

#define MB_MAGIC 0x1badb002
#define MB_FLAGS 0
#define PA(sym)  (sym - IMAGE_BASE)
#define IMAGE_PD_INDEX ((IMAGE_BASE >> 21) & 511) /* of its 2M page in its GiB, the last one there is */

	.section .boot, "ax"
	.balign 4
	.long MB_MAGIC
	.long MB_FLAGS
	.long -(MB_MAGIC + MB_FLAGS)

	.code32
	.globl boot_start32
boot_start32:
	cli
	cld
	mov $PA(boot_stack_top), %esp

	/* boot_pd: 2048 entries of 2M, 0..4 GiB */
	mov $PA(boot_pd), %edi
	mov $0x83, %eax
	mov $2048, %ecx
1:	mov %eax, (%edi)
	movl $0, 4(%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 1b

	/* boot_pd_image: the first of these again, from the image's half of the last GiB on */
	mov $PA(boot_pd), %esi
	mov $PA(boot_pd_image) + IMAGE_PD_INDEX * 8, %edi
	mov $(512 - IMAGE_PD_INDEX) * 2, %ecx
	rep movsl
	movl $PA(boot_pd_image) + 3, PA(boot_pdpt_high) + 511 * 8

	mov $PA(boot_pd) + 3, %eax
	mov %eax, PA(boot_pdpt_low)
	add $0x1000, %eax
	mov %eax, PA(boot_pdpt_low) + 8
	add $0x1000, %eax
	mov %eax, PA(boot_pdpt_low) + 16
	add $0x1000, %eax
	mov %eax, PA(boot_pdpt_low) + 24
	movl $PA(boot_pdpt_low) + 3, PA(boot_pml4)
	movl $PA(boot_pdpt_low) + 3, PA(boot_pml4) + 256 * 8
	movl $PA(boot_pdpt_high) + 3, PA(boot_pml4) + 511 * 8

	mov %cr4, %eax
	or $0x20, %eax /* PAE */
	mov %eax, %cr4
	mov $PA(boot_pml4), %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax /* LME, NXE */
	wrmsr
	mov $0x80010033, %eax /* PG, WP, NE, ET, MP, PE */
	mov %eax, %cr0
	lgdt PA(boot_gdtr)
	ljmp $HOST_CS, $PA(boot_start64)

	.code64
boot_start64:
	mov $HOST_DS, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	movabs $boot_high, %rax
	jmp *%rax
boot_high:
	mov $boot_stack_top, %rsp
	xor %ebp, %ebp
	call host_boot
	ud2

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* HOST_CS */
	.quad 0x00cf93000000ffff /* HOST_DS */
boot_gdtr:
	.word . - boot_gdt - 1
	.long PA(boot_gdt)

	/* void boot_relocate(void *dst, const void *src, size_t words, uint64_t cr3): copy the image, this
	 * very stack included, and go on in the copy, which cr3 maps where the original was. */
	.text
	.globl boot_relocate
boot_relocate:
	mov %rcx, %rax
	mov %rdx, %rcx
	rep movsq
	mov %rax, %cr3
	ret

	/* NORETURN void boot_on_stack(uint64_t top, void (*fn)(void)) */
	.globl boot_on_stack
boot_on_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	call *%rsi
	ud2

	.section .bss.boot, "aw", @nobits
	.balign 4096
boot_pml4:      .skip 4096
boot_pdpt_low:  .skip 4096
boot_pdpt_high: .skip 4096
boot_pd:        .skip 4 * 4096
boot_pd_image:  .skip 4096
	.skip 4096 /* until the guarded stacks exist */
	.globl boot_stack_top
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
