/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void sleep_unless(const uint32_t *count, uint32_t seen): HLT unless *count has changed. An NMI
 * that hits between sleep_unless and sleep_end resumes at sleep_end (cpu/sleep.h). Otherwise an
 * NMI between the comparison and the HLT would be counted too late to be seen and come too early
 * to end the HLT.
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
