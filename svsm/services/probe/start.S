/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The probe's first instructions: RSP points at argc, argv[0], ... (psABI 3.4.1). */
	.text
	.globl probe_start
probe_start:
	xorl %ebp, %ebp
	movq %rsp, %rdi
	call probe_main
	ud2

	.section .note.GNU-stack, "", @progbits
