/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Ring 3 on this CPU: what the processor needs for it. APM vol. 2, 6.1 (SYSCALL), 8.9 (interrupts),
 * 11.4 (FXSAVE). The kernel itself uses no x87 or SSE register, so a process's stay in the CPU as
 * long as it runs, whatever system calls it makes.
 */
#include "user/process.h"

/* SYSCALL's MSRs. Once on each CPU, after its descriptors are loaded. */
void usermode_init_cpu(void);

/* Make p's state this CPU's: page tables, FS base, segment registers, x87 and SSE. */
void usermode_load(struct process *p);
/* Take it back. The CPU is in the kernel's page tables afterwards. */
void usermode_store(struct process *p);

/* To ring 3 with these registers until a system call, an exception or an interrupt: all of them are
 * in *r then. p must be loaded. Interrupts are on in ring 3 only. */
void user_enter(struct user_regs *r);

/* Its regs.fs_base has changed. */
void usermode_set_fs(const struct process *p);

/* 512 bytes as after FNINIT, with all SSE exceptions masked. */
void usermode_fpu_init(uint8_t *fpu);
