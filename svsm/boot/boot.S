/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Entry from the IGVM's VMSA: 32-bit protected mode, paging off, flat segments, interrupts off, and
 * in EBP the image's address, which is the builder's choice and measured with the VMSA. Until paging
 * is on, all addresses are computed from it, and it stays in EBP.
 * With paging off every access is private (APM vol. 2, 15.34.4). So the page tables can be given
 * the C-bit here, before paging is on, and the CPUID page can be read without it. What fails ends
 * by the GHCB MSR protocol's termination request.
 *
 * A multiboot loader starts the image in the same way, on a machine that is not confidential. Then
 * there is no C-bit, and platform_detect() finds out what the machine is. Reading SEV_STATUS may
 * fault there, so for that one instruction a stack, a GDT and an IDT are ready.
 *
 * A hostile hypervisor can inject an exception at any instruction. None may lead an SNP guest into
 * paging without the C-bit, where its stack would be the hypervisor's memory. So the IDT is empty
 * but for that instruction: an exception anywhere else is a shutdown. And what the handler does
 * first is CPUID, which a processor never executes in an SNP or SEV-ES guest (APM vol. 2, 15.35.5
 * and 15.36.12): it is #VC there, a shutdown too.
 */
#include "mm/layout.h"

#define OFFSET(x) ((x) - KERNEL_BASE) /* of the image, from its first byte */
#define HERE(x) ((x) - boot_page)     /* the same in this page, which is linked elsewhere */
#define GHCB_MSR 0xc0010130
#define EFER_MSR 0xc0000080
#define SEV_STATUS_MSR 0xc0010131
#define SEV_STATUS_SEV 1
#define SEV_STATUS_ES 2
#define SEV_STATUS_SNP 4
#define SEL_CODE32 0x18 /* in this page's GDT only */

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_LOADED 0x2badb002 /* in EAX: a multiboot loader */

/* struct snp_cpuid_page (abi/cpuid_page.h, which asserts its sizes) */
#define CPUID_ENTRIES 64
#define CPUID_HEADER  16
#define CPUID_ENTRY   48
#define CPUID_EAX_IN  0x00
#define CPUID_EBX     0x1c

/* Flags of page table entries */
#define PRESENT 0x03
#define LARGE 0x83

	.section .boot, "ax"
boot_page:
	.long MULTIBOOT_MAGIC
	.long 0 /* no flags */
	.long -MULTIBOOT_MAGIC

	.code32
	.globl boot_start
boot_start:
	cli
	cld
	cmpl $MULTIBOOT_LOADED, %eax
	jne 1f
	movl $KERNEL_LINKED, %ebp /* a multiboot loader moves nothing */
1:	leal OFFSET(boot_stack) + BOOT_STACK_SIZE(%ebp), %esp
	addl %ebp, HERE(boot_gdtr) + 2(%ebp)
	addl %ebp, HERE(boot_idtr) + 2(%ebp)
	addl %ebp, HERE(boot_far)(%ebp)

	/* The image lies at a 2 MiB boundary, so only the upper half of a gate's offset changes. */
	movl %ebp, %ecx
	shrl $16, %ecx
	leal HERE(boot_idt)(%ebp), %edi
2:	movw %cx, 6(%edi)
	addl $8, %edi
	leal HERE(boot_idt_end)(%ebp), %edx
	cmpl %edx, %edi
	jb 2b

	lgdt HERE(boot_gdtr)(%ebp)
	lidt HERE(boot_idtr)(%ebp)
	movl $SEV_STATUS_MSR, %ecx
	rdmsr
	lidt HERE(boot_no_idtr)(%ebp)
	testl $SEV_STATUS_SNP, %eax
	jz boot_no_snp

	/* The hypervisor leaves the SEV information in the MSR at launch; if it is not there, ask
	 * for it. */
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
1:	/* EAX[31:24]: position of the C-bit, 32..51. EDX: max and min version, for early_main() */
	movl %edx, HERE(boot_versions)(%ebp)
	shrl $24, %eax
	subl $32, %eax
	jb boot_fail
	cmpl $20, %eax
	jae boot_fail

	/*
	 * The hypervisor may lie about the position. With a wrong C-bit, stack and descriptors
	 * would be in shared memory, which it can write. The CPUID page is private and checked by
	 * the security processor, so its leaf 8000001F, EBX[5:0], must agree. SNP firmware ABI
	 * 8.17.2.6, abi/cpuid_page.h.
	 */
	leal OFFSET(snp_cpuid_page)(%ebp), %edi
	movl (%edi), %ecx
	cmpl $CPUID_ENTRIES, %ecx
	ja boot_fail_cpuid
	addl $CPUID_HEADER, %edi
2:	subl $1, %ecx
	jb boot_fail_cpuid
	cmpl $0x8000001f, CPUID_EAX_IN(%edi)
	je 3f
	addl $CPUID_ENTRY, %edi
	jmp 2b
3:	movl CPUID_EBX(%edi), %edi
	andl $0x3f, %edi
	subl $32, %edi
	cmpl %eax, %edi
	jne boot_fail_cpuid

	movl %eax, %ecx
	movl $1, %esi
	shll %cl, %esi

boot_paging: /* ESI: upper half of the C-bit mask */
	/* The entry page at its own address: one 2M page among the first 4 GiB. */
	movl %ebp, %eax
	shrl $30, %eax
	leal OFFSET(boot_pdpt_low)(%ebp,%eax,8), %edi
	movl $OFFSET(boot_pd_low) + PRESENT, (%edi)
	movl %ebp, %eax
	shrl $21, %eax
	andl $511, %eax
	leal OFFSET(boot_pd_low)(%ebp,%eax,8), %edi
	movl $LARGE, (%edi)

	/* Every present entry holds an offset: it gets the image's address and the C-bit. */
	leal OFFSET(boot_tables)(%ebp), %edi
	leal OFFSET(boot_tables_end)(%ebp), %ecx
4:	testl $1, (%edi)
	jz 5f
	addl %ebp, (%edi)
	adcl %esi, 4(%edi)
5:	addl $8, %edi
	cmpl %ecx, %edi
	jb 4b

	movl %cr4, %eax
	orl $0x60, %eax /* PAE, MCE */
	movl %eax, %cr4
	leal OFFSET(boot_pml4)(%ebp), %eax /* without the C-bit: table walks are private anyway */
	movl %eax, %cr3
	movl $EFER_MSR, %ecx
	rdmsr
	orl $0x900, %eax /* LME, NXE */
	wrmsr
	movl %cr0, %eax
	orl $0x80010000, %eax /* PG, WP */
	movl %eax, %cr0
	ljmp *HERE(boot_far)(%ebp)

boot_no_snp:
	testl $SEV_STATUS_ES, %eax
	jnz boot_fail_snp
	testl $SEV_STATUS_SEV, %eax
	jnz 6f /* encrypted, without a protocol to say why it ends */
	jmp boot_absent

boot_fault: /* reading SEV_STATUS faulted, or the hypervisor says so */
	lidt HERE(boot_no_idtr)(%ebp)
	xorl %eax, %eax
	cpuid

boot_absent: /* no C-bit, no versions */
	xorl %esi, %esi
	jmp boot_paging

boot_fail_snp: /* set 0, reason 2: SNP is not there */
	movl $0x00020100, %eax
	jmp boot_terminate

boot_fail_cpuid: /* set 1, reason 4: the CPUID page */
	movl $0x00041100, %eax
	jmp boot_terminate
boot_fail: /* set 0, reason 1: the protocol is not ours */
	movl $0x00010100, %eax
boot_terminate:
	movl $GHCB_MSR, %ecx
	xorl %edx, %edx
	wrmsr
	.byte 0xf3, 0x0f, 0x01, 0xd9 /* VMGEXIT */
6:	hlt
	jmp 6b

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
	movl %ebp, %ebp /* no bits above 32 */
	leaq OFFSET(boot_pml4)(%rbp), %rax
	orq %rsi, %rax
	movq %rax, %cr3
	movq $boot_high, %rax
	jmp *%rax

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* code, 64-bit */
	.quad 0x00cf93000000ffff /* data */
	.quad 0x00cf9b000000ffff /* code, 32-bit */
boot_gdt_end:
boot_gdtr:
	.word boot_gdt_end - boot_gdt - 1
	.long HERE(boot_gdt)
	.balign 8
boot_idt: /* 32-bit interrupt gates; boot_page lies at a multiple of 64 KiB */
	.rept 32
	.word boot_fault - boot_page, SEL_CODE32, 0x8e00, 0
	.endr
boot_idt_end:
boot_idtr:
	.word boot_idt_end - boot_idt - 1
	.long HERE(boot_idt)
boot_no_idtr:
	.word 0
	.long 0
	.balign 4
boot_far:
	.long HERE(boot_long)
	.word SEL_CODE
	.balign 4
boot_versions:
	.long 0

	.text
	.code64
boot_high:
	movq $boot_stack + BOOT_STACK_SIZE, %rsp
	movq %rsi, %rdi /* C-bit mask */
	movl HERE(boot_versions)(%rbp), %esi /* max[31:16] min[15:0] */
	movq %rbp, %rdx
	xorl %ebp, %ebp
	call early_main
7:	hlt
	jmp 7b

	/* These pages are loaded by the launch: nothing else is validated yet. */
	.section .data.page, "aw"
	.balign 0x1000
boot_tables: /* offsets until the stub adds the image's address */
boot_pml4:
	.quad OFFSET(boot_pdpt_low) + PRESENT
	.fill 510, 8, 0
	.quad OFFSET(boot_pdpt_high) + PRESENT
boot_pdpt_low: /* the stub fills in one entry, and one of boot_pd_low, for the entry page */
	.fill 512, 8, 0
boot_pdpt_high:
	.fill 510, 8, 0
	.quad OFFSET(boot_pd_high) + PRESENT
	.quad 0
boot_pd_low:
	.fill 512, 8, 0
boot_pd_high: /* maps KERNEL_MAX bytes at KERNEL_BASE */
	.set at, 0
	.rept KERNEL_MAX >> 21
	.quad at + LARGE
	.set at, at + 0x200000
	.endr
	.fill 512 - (KERNEL_MAX >> 21), 8, 0
boot_tables_end:
	.globl boot_stack
boot_stack:
	.fill BOOT_STACK_SIZE, 1, 0

	.section .note.GNU-stack, "", @progbits
