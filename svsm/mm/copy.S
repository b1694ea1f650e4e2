/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Accesses that may fault, with the contracts of mm/copy.h. Each instruction that touches the
 * foreign address has an entry in the fault table. Where it faults, the exception handler sets RAX
 * to -1 and goes on at the fix-up, which returns. They keep no state outside registers, so nothing
 * has to be undone there.
 */
	/* The instruction at `at` may fault; go on at `fixup`. */
	.macro entry at, fixup
	.pushsection .fault_table, "a"
	.quad \at, \fixup
	.popsection
	.endm

	.text
	.globl fault_copy
	.type fault_copy, @function
fault_copy: /* RDI dst, RSI src, RDX len */
	movq %rdx, %rcx
	shrq $3, %rcx
1:	rep movsq
	movl %edx, %ecx
	andl $7, %ecx
2:	rep movsb
	xorl %eax, %eax
3:	ret
	entry 1b, 3b
	entry 2b, 3b

	.globl fault_zero
	.type fault_zero, @function
fault_zero: /* RDI dst, RSI len */
	xorl %eax, %eax
	movq %rsi, %rcx
	shrq $3, %rcx
1:	rep stosq
	movl %esi, %ecx
	andl $7, %ecx
2:	rep stosb
	xorl %eax, %eax
3:	ret
	entry 1b, 3b
	entry 2b, 3b

	/* int name(const void *p, uintN_t *v): one access, so the value is not torn. */
	.macro reader name, mov, reg
	.globl \name
	.type \name, @function
\name:
1:	\mov (%rdi), %\reg
	\mov %\reg, (%rsi)
	xorl %eax, %eax
2:	ret
	entry 1b, 2b
	.endm

	/* int name(void *p, uintN_t v): one access. */
	.macro writer name, mov, reg
	.globl \name
	.type \name, @function
\name:
1:	\mov %\reg, (%rdi)
	xorl %eax, %eax
2:	ret
	entry 1b, 2b
	.endm

	.macro modifier name, insn
	.globl \name
	.type \name, @function
\name:
1:	lock \insn %rsi, (%rdi)
	xorl %eax, %eax
2:	ret
	entry 1b, 2b
	.endm

	reader fault_read8, movb, cl
	reader fault_read64, movq, rcx
	writer fault_write8, movb, sil
	writer fault_write64, movq, rsi
	modifier fault_and64, andq
	modifier fault_or64, orq

	.section .note.GNU-stack, "", @progbits
