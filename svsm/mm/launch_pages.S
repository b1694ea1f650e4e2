/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The pages of mm/launch_area.h. They stand in the file as zeros, so that the loader loads them
 * and can replace their content. All but the secrets page are read-only.
 */
	.macro area name
	.balign 0x1000
	.globl \name
	.type \name, @object
	.size \name, 0x1000
\name:
	.fill 0x1000, 1, 0
	.endm

	.section .launch_ro, "a"
	area launch_info
	area snp_cpuid_page
	area igvm_memory_map
	area igvm_madt
	area igvm_vp_count
	area igvm_environment

	.section .launch_rw, "aw"
	area snp_secrets_page

	.section .note.GNU-stack, "", @progbits
