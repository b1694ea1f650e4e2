/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void sleep_unless(const uint32_t *count, uint32_t seen). An NMI anywhere in here resumes at
 * sleep_end (task/wake.h), so that none falls between the comparison and the HLT.
 */
	.text
	.globl sleep_unless, sleep_end
	.type sleep_unless, @function
sleep_unless:
	cmpl %esi, (%rdi)
	jne sleep_end
	hlt
sleep_end:
	ret

	.section .note.GNU-stack, "", @progbits
