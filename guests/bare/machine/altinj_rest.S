/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * void altinj_rest(volatile uint8_t *events): HLT, unless the byte says that something is pending.
 * A #HV in between has shown what the HLT would wait for, so the handler moves a RIP between
 * altinj_rest and altinj_rested to the end (altinj_hv.c).
 */
	.text
	.globl altinj_rest, altinj_rested
	.type altinj_rest, @function
altinj_rest:
	cmpb $0, (%rdi)
	jne altinj_rested
	hlt
altinj_rested:
	ret

	.section .note.GNU-stack, "", @progbits
