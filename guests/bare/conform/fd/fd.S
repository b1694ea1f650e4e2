/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A test image in the format of OVMF's: it ends at 4 GiB, with the reset vector in its last 16
 * bytes, and above the code a table of GUIDs (found from the end of the image) that leads to the
 * SEV metadata. IMAGE is the file of the test image; CONFORM_IMAGE is where it is linked.
 *
 * What the stub does: real mode, 32-bit mode without paging, page tables of its own, 64-bit mode,
 * copy, jump. Without paging every access of an SNP guest is private (APM vol. 2, 15.34.4), so the
 * CPUID page tells the C-bit without an instruction that could raise #VC. Where that page is empty
 * there is no SNP, and no C-bit either.
 */
#include "bare/conform/layout.h"

#define CPUID_FN_SIZE 48
#define CPUID_FN_MAX  64
#define CPUID_FN_EBX  0x1c
#define CPUID_HEAD    16
#define LEAF_SEV      0x8000001f
#define MSR_GHCB      0xc0010130
#define GHCB_TERMINATE 0x100
#define MSR_EFER      0xc0000080
#define EFER_LME_NXE  0x900
#define CR4_PAE       0x20
#define PTE_TABLE     0x3
#define PTE_2M        0x83
#define SEL_CODE64    0x08
#define SEL_DATA      0x10
#define SEL_CODE32    0x18

#define PML4 CONFORM_TABLES
#define PDPT (CONFORM_TABLES + 0x1000)
#define PDS  (CONFORM_TABLES + 0x2000)

/* ---- the test image, at the start of the file ---- */
	.section .image, "a"
image:
	.incbin IMAGE
	.set IMAGE_SIZE, . - image

/* ---- the stub ---- */
	.section .stub, "ax"
	.code32
start32:
	mov $SEL_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	/* EBP: the C-bit, in the upper half of a page table entry */
	xor %ebp, %ebp
	mov CONFORM_CPUID, %ecx
	test %ecx, %ecx
	jz tables
	cmp $CPUID_FN_MAX, %ecx
	ja give_up
	mov $(CONFORM_CPUID + CPUID_HEAD), %esi
1:	cmpl $LEAF_SEV, (%esi)
	je 2f
	add $CPUID_FN_SIZE, %esi
	loop 1b
	jmp give_up
2:	mov CPUID_FN_EBX(%esi), %ecx
	and $0x3f, %ecx
	sub $32, %ecx
	jb give_up
	inc %ebp
	shl %cl, %ebp

	/* an identity map of 4 GiB in 2M pages, private */
tables:
	cld
	xor %eax, %eax
	mov $PML4, %edi
	mov $(2 * 4096 / 4), %ecx
	rep stosl
	movl $(PDPT + PTE_TABLE), PML4
	mov %ebp, PML4 + 4
	mov $(PDS + PTE_TABLE), %eax
	mov $PDPT, %edi
	mov $4, %ecx
1:	mov %eax, (%edi)
	mov %ebp, 4(%edi)
	add $8, %edi
	add $0x1000, %eax
	loop 1b
	mov $PTE_2M, %eax
	mov $PDS, %edi
	mov $(4 * 512), %ecx
1:	mov %eax, (%edi)
	mov %ebp, 4(%edi)
	add $8, %edi
	add $0x200000, %eax
	loop 1b

	/* The walk of an SNP guest's page tables is private whatever CR3 says. */
	mov $PML4, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME_NXE, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $SEL_CODE64, $start64

/* An SNP guest whose CPUID page tells no C-bit cannot go on: GHCB, termination request. */
give_up:
	mov $MSR_GHCB, %ecx
	mov $GHCB_TERMINATE, %eax
	xor %edx, %edx
	wrmsr
	rep; vmmcall
	jmp give_up

	.code64
start64:
	mov $image, %esi
	mov $CONFORM_IMAGE, %edi
	mov $IMAGE_SIZE, %ecx
	rep movsb
	xor %esi, %esi
	mov $CONFORM_IMAGE, %eax
	jmp *%rax

	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* SEL_CODE64 */
	.quad 0x00cf93000000ffff /* SEL_DATA */
	.quad 0x00cf9b000000ffff /* SEL_CODE32 */
gdtr:
	.word . - gdt - 1
	.long gdt

/* CS is 0xffff0000, and the stub lies in these last 64 KiB. */
	.code16
start16:
	cli
	lgdtl %cs:(gdtr - 0xffff0000)
	mov %cr0, %eax
	and $0x9fffffff, %eax /* no CD, no NW */
	or $1, %al
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $start32

/* Where a hypervisor that starts all vCPUs itself lets the others begin: they wait for AP_CREATION. */
start_ap:
	cli
1:	hlt
	jmp 1b

/* ---- SEV metadata, and the table that leads to it: OVMF's formats ---- */
	.set SECTION_MEMORY, 1
	.set SECTION_SECRETS, 2
	.set SECTION_CPUID, 3
	.set SECTION_CAA, 4
	.section .metadata, "a"
metadata:
	.ascii "ASEV"
	.long metadata_end - metadata
	.long 1 /* version */
	.long (metadata_end - sections) / 12
sections:
	.long CONFORM_TABLES, CONFORM_SECRETS - CONFORM_TABLES, SECTION_MEMORY
	.long CONFORM_SECRETS, 0x1000, SECTION_SECRETS
	.long CONFORM_CPUID, 0x1000, SECTION_CPUID
	.long CONFORM_CAA, 0x1000, SECTION_CAA
	.long CONFORM_IMAGE, (IMAGE_SIZE + 0xfff) & ~0xfff, SECTION_MEMORY
metadata_end:

/* An entry is its data, then the u16 size of all of it, then the GUID. It is read from the end. */
	.section .table, "a"
table:
1:	.long start_ap /* EIP and base of CS, 16 bits each */
	.word 2f - 1b  /* SEV-ES reset block */
	.long 0x00f771de
	.word 0x1a7e, 0x4fcb
	.byte 0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e
2:	.long 0x1000 /* fd.lds puts it there */
	.word 3f - 2b /* offset of the SEV metadata, from the end of the file */
	.long 0xdc886566
	.word 0x984a, 0x4798
	.byte 0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc
3:	.word 4f - table /* the footer, whose size is that of the table */
	.long 0x96b582de
	.word 0x1fb2, 0x45f7
	.byte 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d
4:

	.section .reset, "ax"
	.code16
	jmp start16
	.balign 16

	.section .note.GNU-stack, "", @progbits
