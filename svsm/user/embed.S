/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A service's program inside the image; svsm/build.mk defines SERVICE and FILE for each. It fills
 * whole pages, so that mapping it into the process shows nothing else of the image. */
#define NAME(a, b)  NAME_(a, b)
#define NAME_(a, b) a##b

	.section .rodata.services, "a"
	.balign 0x1000
	.globl NAME(SERVICE, _start)
NAME(SERVICE, _start):
	.incbin FILE
	.globl NAME(SERVICE, _end)
NAME(SERVICE, _end):
	.balign 0x1000

	.section .note.GNU-stack, "", @progbits
