/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where things lie in the SVSM's address space. Used by assembler too. svsm.lds has the first two
 * numbers again.
 *
 *   GUEST_MAP_BASE + gpa   all RAM but the SVSM's own: private, writable, never executable
 *   KERNEL_BASE + x        SVSM memory, launch_info.svsm.gpa + x: image W^X, the rest data;
 *                          guard pages are holes, GHCBs lack the C-bit
 */
#define KERNEL_BASE     0xffffffff80000000
#define KERNEL_PHYS     0x02000000
#define KERNEL_OFFSET   0xffffffff7e000000 /* KERNEL_BASE - KERNEL_PHYS */
#define GUEST_MAP_BASE  0xffff800000000000
#define GUEST_MAP_MAX   0x0000400000000000 /* 64 TiB; its end lies far below KERNEL_BASE */
#define KERNEL_MAX      0x04000000 /* largest SVSM range the boot page tables reach: 64 MiB */

#define BOOT_STACK_SIZE 0x4000

/* GDT */
#define SEL_CODE      0x08
#define SEL_DATA      0x10
#define SEL_USER_DATA 0x18 /* SYSRET wants data before code: APM vol. 2, 6.1.1 */
#define SEL_USER_CODE 0x20
#define SEL_TSS       0x28

/* struct cpu, behind GS */
#define CPU_KERNEL_RSP 0x08
#define CPU_USER_REGS  0x10
#define CPU_SCRATCH    0x18
