/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The entry of #HV (cpu/trap/hv.h). The vector has an IST stack of its own, because RSP may be the
 * user's in ring 0, and nothing blocks another #HV: the host honours NoFurtherSignal, or does not,
 * and a vCPU of the guest can clear it. A second one on the same stack overwrites the frame of the
 * first. So the handler is as short as it can be: no register is saved, none is changed, and the
 * count lies at a fixed distance, on top of the stack. If one comes in these few instructions all
 * the same, the interrupted state is lost, and the frame says so: RSP lies in this stack. That is a
 * panic, by the way of all exceptions.
 *
 *	frame: RIP 0, CS 8, RFLAGS 16, RSP 24, SS 32; the count is at 40
 *
 * Code of user/user.S is told by RIP alone. There RSP may be the user's, who could point it into
 * this stack. The one exception is the copy of ring 3's frame to struct user_regs, which reads this
 * stack when #HV has ended ring 3: with the new frame's CS and RIP, ring 0 would go on with the
 * registers that ring 3 has chosen. There RSP is ours. Between user_enter's comparison and IRETQ or SYSRETQ the way on is user_stay, which
 * needs no RSP; behind SWAPGS it has to be undone first.
 */
#include "mm/layout.h"

#define VECTOR      28
#define COUNT       40
#define STACK_SHIFT 14 /* cpu/desc.c: an IST stack with its guard page, aligned to its size */

	.text
	.globl hv_entry
	.type hv_entry, @function
hv_entry:
	cmpl $0, hv_used(%rip)
	je common /* not expected: an exception like any other */
	incl COUNT(%rsp)
	testb $3, 8(%rsp)
	jnz common /* ring 3: user_trap makes it the return of user_enter */
	cmpq $user_text, (%rsp)
	jb 1f
	cmpq $user_text_end, (%rsp)
	jb in_user_text
1:	cmpq $sleep_unless, (%rsp)
	jb 2f
	cmpq $sleep_end, (%rsp)
	jae 2f
	movq $sleep_end, (%rsp)
	iretq
2:	cmpq $hv_run_unless, (%rsp)
	jb 6f
	cmpq $hv_run_asked, (%rsp)
	jae 6f
	movq $hv_run_stay, (%rsp)
	iretq
6:	pushq %rax
	movq 32(%rsp), %rax
	xorq %rsp, %rax
	shrq $STACK_SHIFT, %rax
	popq %rax
	jz common
	iretq

in_user_text:
	cmpq $user_trap, (%rsp)
	jb 5f
	cmpq $user_leave, (%rsp)
	jb 6b
5:	cmpq $user_window, (%rsp)
	jb 4f
	cmpq $user_window_end, (%rsp)
	jae 4f
	cmpq $user_sysret, (%rsp)
	je 3f
	cmpq $user_iret, (%rsp)
	je 3f
	movq $user_stay, (%rsp)
	iretq
3:	movq $user_stay_swap, (%rsp)
4:	iretq

common:
	pushq $0
	pushq $VECTOR
	jmp entry_common

	.section .note.GNU-stack, "", @progbits
