/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A multiboot image that knows nothing of SEV-SNP, for tests of the shim: 32-bit code without
 * paging. It ends with the digit that its command line ends with, or with the number of the step
 * that went wrong.
 */
#define MAGIC     0x1badb002
#define LOADER    0x2badb002
#define COM1      0x3f8
#define EXIT_PORT 0xf4
#define APIC      0xfee00000
#define TRAMPOLINE 0x8000
#define TIMER     0x40
#define PATIENCE  20000000 /* turns: seconds of this CPU alone, in which each other thread of the host has had its own */

	.section .start, "ax"
	.code32
	.balign 4
	.long MAGIC, 0, -MAGIC

	.globl start
start:
	mov $stack_top, %esp
	mov %ebx, info
	mov $10, %edi
	cmp $LOADER, %eax
	jne done
	lgdt gdt_pointer
	mov $idt, %edx
	mov $13, %ecx
	mov $on_gp, %eax
	call gate
	mov $TIMER, %ecx
	mov $on_timer, %eax
	call gate
	lidt idt_pointer

	mov $11, %edi /* an ordinary processor: CPUID 8000001f says nothing of SEV */
	mov $0x8000001f, %eax
	cpuid
	or %ebx, %eax
	jnz done

	mov $12, %edi /* an MSR that the hypervisor answers: the APIC is on, in xAPIC mode */
	mov $0x1b, %ecx
	rdmsr
	and $~0x100, %eax
	cmp $APIC | 0x800, %eax
	jne done

	mov $13, %edi /* one that nobody has: #GP */
	mov $0x12345678, %ecx
	rdmsr
	cmpl $1, faults
	jne done

	mov $14, %edi /* registers in memory, read and written */
	movl $0x1ff, APIC + 0xf0
	mov APIC + 0xf0, %esi
	cmp $0x1ff, %esi
	jne done

	mov $15, %edi /* an interrupt */
	movl $0xb, APIC + 0x3e0
	movl $TIMER, APIC + 0x320
	movl $1000, APIC + 0x380
	sti
1:	hlt
	cmpl $0, timers
	je 1b
	cli

	mov $16, %edi /* a second processor: INIT, SIPI, SIPI to all others */
	push %edi
	mov $ap_code, %esi
	mov $TRAMPOLINE, %edi
	mov $ap_end - ap_code, %ecx
	rep movsb
	pop %edi
	movl $0xc4500, APIC + 0x300
	movl $0xc4600 | TRAMPOLINE >> 12, APIC + 0x300
	movl $0xc4600 | TRAMPOLINE >> 12, APIC + 0x300
	mov $PATIENCE, %ecx
2:	pause
	cmpl $1, TRAMPOLINE + ap_came - ap_code
	loopne 2b
	jne done

	mov $text, %esi /* string I/O, then the command line a byte an instruction */
	mov $text_end - text, %ecx
	mov $COM1, %edx
	rep outsb
	mov info, %ebx
	mov 16(%ebx), %esi
3:	lodsb
	test %al, %al
	jz 4f
	out %al, %dx
	movzbl %al, %edi
	jmp 3b
4:	mov $'\n', %al
	out %al, %dx
	sub $'0', %edi
done:
	mov %edi, %eax
	mov $EXIT_PORT, %edx
	out %eax, %dx
	cli
5:	hlt
	jmp 5b

/* Gate ECX of the IDT at EDX: an interrupt gate to EAX. */
gate:
	mov %ax, (%edx,%ecx,8)
	movw $8, 2(%edx,%ecx,8)
	shr $16, %eax
	movw $0x8e00, 4(%edx,%ecx,8)
	mov %ax, 6(%edx,%ecx,8)
	ret

on_gp: /* the instruction is RDMSR: two bytes */
	incl faults
	add $4, %esp
	addl $2, (%esp)
	iret

on_timer:
	incl timers
	movl $0, APIC + 0xb0
	iret

	.code16
ap_code:
	movl $1, %cs:ap_came - ap_code
1:	hlt
	jmp 1b
	.balign 4
ap_came:
	.long 0
ap_end:

	.code32
	.balign 8
gdt:
	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long gdt
idt_pointer:
	.word 256 * 8 - 1
	.long idt
info:
	.long 0
faults:
	.long 0
timers:
	.long 0
text:
	.ascii "payload: "
text_end:

	.section .bss
	.balign 16
idt:
	.skip 256 * 8
stack:
	.skip 4096
stack_top:

	.section .note.GNU-stack, "", @progbits
