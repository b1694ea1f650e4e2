/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Ring 3 on this CPU: what the processor needs for it. APM vol. 2, 6.1 (SYSCALL), 8.9
 * (interrupts), 11.4 (FXSAVE). The kernel itself uses no x87 or SSE register, so a process's
 * values stay in the CPU for as long as it runs, system calls included.
 */
#include "user/process.h"

/* Set SYSCALL's MSRs. Once on each CPU, after its descriptors are loaded. */
void usermode_init_cpu(void);

/* Load p's state into this CPU: page tables, FS base, segment registers, x87 and SSE. */
void usermode_load(struct process *p);
/* Save the x87 and SSE state and go back to the kernel's page tables. */
void usermode_store(struct process *p);

/* Run ring 3 with these registers until a system call, an exception or an interrupt; then all of
 * them are in *r. The process must be loaded. Interrupts are on in ring 3 only. False: *count was
 * not `seen` any more, ring 3 was not entered, and *r is as it was (cpu/trap/hv.h). */
bool user_enter(struct user_regs *r, const uint32_t *count, uint32_t seen);

/* To be called when p->regs.fs_base has changed. */
void usermode_set_fs(const struct process *p);

/* An FXSAVE image (512 bytes) as after FNINIT, with all SSE exceptions masked. */
void usermode_fpu_init(uint8_t *fpu);
