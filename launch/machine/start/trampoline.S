/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a CPU runs after SIPI, copied to TRAMPOLINE_PA: straight from real mode into long mode on the
 * monitor's tables (smp.c maps the page 1:1 meanwhile), then to its own stack by its APIC ID.
 */
#include "machine/layout.h"

#define HERE(sym) (TRAMPOLINE_PA + sym - trampoline_start)

	.section .rodata.trampoline, "a"
	.code16
	.globl trampoline_start, trampoline_end, trampoline_cr3
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl trampoline_gdtr - trampoline_start
	mov $0x20, %eax /* PAE */
	mov %eax, %cr4
	mov trampoline_cr3 - trampoline_start, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax /* LME, NXE */
	wrmsr
	mov $0x80010033, %eax /* PG, WP, NE, ET, MP, PE */
	mov %eax, %cr0
	ljmpl $HOST_CS, $HERE(trampoline_64)

	.code64
trampoline_64:
	mov $HOST_DS, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov $1, %eax
	cpuid
	shr $24, %ebx /* initial APIC ID */
	cmp $HOST_MAX_CPUS, %ebx
	jae 1f
	movabs $smp_stacks, %rax
	mov (%rax,%rbx,8), %rsp
	test %rsp, %rsp
	jz 1f
	mov %ebx, %edi
	xor %ebp, %ebp
	movabs $smp_ap_main, %rax
	push $0 /* where a backtrace ends */
	jmp *%rax
1:	cli
	hlt
	jmp 1b

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* HOST_CS */
	.quad 0x00cf93000000ffff /* HOST_DS */
trampoline_gdtr:
	.word . - trampoline_gdt - 1
	.long HERE(trampoline_gdt)
	.balign 4
trampoline_cr3:
	.long 0
trampoline_end:
	.section .note.GNU-stack, "", @progbits
