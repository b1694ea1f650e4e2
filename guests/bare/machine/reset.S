/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What edk2 does between the reset vector and paging (OvmfPkg/ResetVector/Ia32/AmdSev.asm,
 * SevEsIdtVmmComm): a #VC in 32-bit mode, on a stack of 32-bit words. reset.h says who reads what.
 */
#define MSR_GHCB    0xc0010130
#define RUN_VMPL0   0x016
#define CPUID_REQ   0x004
#define LEAF_SEV    0x8000001f
#define SEL_CODE32  0x08
#define SEL_DATA    0x10

#define FOUND_ERROR    reset_found
#define FOUND_DISTANCE reset_found + 4
#define FOUND_CS       reset_found + 8
#define FOUND_EFLAGS   reset_found + 12
#define FOUND_CALLS    reset_found + 16
#define FOUND_CPUID    reset_found + 20

	.text
	.globl reset_vector, reset_vc
	.balign 16
	.code16
reset_vector:
	cli
	lgdtl %cs:(gdtr - reset_vector)
	mov %cr0, %eax
	and $0x9fffffff, %eax /* no CD, no NW */
	or $1, %al
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $start32

	.code32
start32:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $stack_end, %esp
	lidt idtr
	mov $LEAF_SEV, %eax
	xor %ecx, %ecx
asks:	cpuid
	mov %eax, FOUND_CPUID
	mov %ebx, FOUND_CPUID + 4
	mov %ecx, FOUND_CPUID + 8
	mov %edx, FOUND_CPUID + 12
1:	mov $MSR_GHCB, %ecx
	mov $RUN_VMPL0, %eax
	xor %edx, %edx
	wrmsr
	rep; vmmcall
	jmp 1b

/* Error code, EIP, CS, EFLAGS. A register each by the MSR protocol: its number is bits 31:30. */
reset_vc:
	popl FOUND_ERROR
	mov %eax, %esi
	mov (%esp), %edx
	sub $asks, %edx
	mov %edx, FOUND_DISTANCE
	mov 4(%esp), %edx
	mov %edx, FOUND_CS
	mov 8(%esp), %edx
	mov %edx, FOUND_EFLAGS
	incl FOUND_CALLS
	xor %edi, %edi
1:	mov %edi, %eax
	shl $30, %eax
	or $CPUID_REQ, %eax
	mov %esi, %edx
	mov $MSR_GHCB, %ecx
	wrmsr
	rep; vmmcall
	rdmsr
	mov %edx, answers(, %edi, 4)
	inc %edi
	cmp $4, %edi
	jne 1b
	addl $2, (%esp) /* behind the CPUID */
	mov answers, %eax
	mov answers + 4, %ebx
	mov answers + 8, %ecx
	mov answers + 12, %edx
	iretl

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* SEL_CODE32 */
	.quad 0x00cf93000000ffff /* SEL_DATA */
gdtr:
	.word . - gdt - 1
	.long gdt
idtr:
	.word 32 * 8 - 1
	.long reset_idt

	.data
	.balign 16
answers:
	.fill 4, 4, 0
	.fill 64, 4, 0
stack_end:

	.section .note.GNU-stack, "", @progbits
