/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * uint64_t hv_run_unless(uint64_t request, const uint32_t *count, uint32_t seen): the request goes
 * into the GHCB's MSR and to the hypervisor, unless *count has changed; returns what the MSR then
 * holds, or 0. A #HV that hits between hv_run_unless and hv_run_asked goes on at hv_run_stay
 * (hv_entry.S): otherwise one between the comparison and VMGEXIT would be counted too late to be
 * seen, and wait until the guest comes back. Nothing lies between the three instructions in the
 * middle, which is one exit for a machine in software.
 *
 * The guest has filled the return stack meanwhile, so the predictors are flushed before the return.
 */
#define MSR_GHCB 0xc0010130

	.text
	.globl hv_run_unless, hv_run_asked, hv_run_stay
	.type hv_run_unless, @function
hv_run_unless:
	movl %edx, %r8d
	movl %edi, %eax
	movq %rdi, %rdx
	shrq $32, %rdx
	movl $MSR_GHCB, %ecx
	cmpl %r8d, (%rsi)
	jne hv_run_stay
	wrmsr
	.byte 0xf3, 0x0f, 0x01, 0xd9 /* VMGEXIT */
hv_run_asked:
	rdmsr
	shlq $32, %rdx
	orq %rdx, %rax
	pushq %rax
	call predictor_flush
	popq %rax
	ret
hv_run_stay:
	xorl %eax, %eax
	ret

	.section .note.GNU-stack, "", @progbits
