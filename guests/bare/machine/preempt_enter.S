/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void preempt_enter(void): VMGEXIT, unless a #HV has come since preempt_signals was 0. The page
 * shows what came earlier before VMPL2 runs, and it would not preempt it any more. So the handler
 * moves a RIP between preempt_enter and preempt_entered to the end (preempt.c).
 */
	.text
	.globl preempt_enter, preempt_entered
	.type preempt_enter, @function
preempt_enter:
	cmpq $0, preempt_signals(%rip)
	jne preempt_entered
	rep; vmmcall
preempt_entered:
	ret

	.section .note.GNU-stack, "", @progbits
