/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where things lie in the SVSM's address space. Also for the assembler. svsm.lds repeats
 * KERNEL_BASE and KERNEL_LINKED.
 *
 *   GUEST_MAP_BASE + gpa   all RAM but the SVSM's own: private, writable, never executable
 *   KERNEL_BASE + x        SVSM memory, launch_info.svsm.gpa + x: image W^X, the rest data; guard
 *                          pages are not mapped, GHCBs are mapped shared (no C-bit)
 */
#define KERNEL_BASE     0xffffffff80000000
#define KERNEL_LINKED   0x02000000 /* in the ELF file; the builder may move it */
#define GUEST_MAP_BASE  0xffff800000000000
#define GUEST_MAP_MAX   0x0000400000000000 /* 64 TiB; its end lies far below KERNEL_BASE */
#define KERNEL_MAX      0x08000000 /* largest SVSM range the boot page tables reach: 128 MiB */

#define BOOT_STACK_SIZE 0x4000

/* Selectors of cpu/desc.c's GDT */
#define SEL_CODE      0x08
#define SEL_DATA      0x10
#define SEL_USER_DATA 0x18 /* SYSRET wants data before code: APM vol. 2, 6.1.1 */
#define SEL_USER_CODE 0x20
#define SEL_TSS       0x28

/* Offsets in struct cpu, behind GS; user/usermode.c asserts them. */
#define CPU_KERNEL_RSP 0x08
#define CPU_USER_REGS  0x10
#define CPU_SCRATCH    0x18
