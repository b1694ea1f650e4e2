/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The program's first instructions. RSP points at argc, argv[0], ... (psABI 3.4.1), which nobody
 * needs. */
	.text
	.globl attest_start
attest_start:
	xorl %ebp, %ebp
	call attest_main
	ud2

	.section .note.GNU-stack, "", @progbits
