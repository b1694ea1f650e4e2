/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A single-threaded program in ring 3. It has no kernel stack. To run it is a function call that
 * returns with the reason why it stopped; its registers then lie in struct process. So a process
 * can be stopped anywhere in user code and continued on any other CPU.
 *
 * The kernel always runs with IF=0 and user code with IF=1, so interrupts (the end of a turn)
 * arrive in user code only.
 */
#include "user/space.h"

struct service;

struct user_regs { /* user/user.S depends on the order */
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error; /* of the exception or interrupt; USER_SYSCALL: a system call */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t fs_base;
};

#define USER_SYSCALL 256

/* Lines of a process in the log: CONSOLE_BURST of them, then one of CONSOLE_SPARSE
 * (user/console.h). */
#define CONSOLE_LINE   160
#define CONSOLE_BURST  256
#define CONSOLE_SPARSE 256

struct process {
	const char *name;
	struct space space;
	struct user_regs regs;
	uint8_t *fpu; /* 512-byte FXSAVE image, 16-byte aligned */
	uint64_t brk_start, brk;
	struct service *service; /* the one whose requests it serves; NULL: none */
	uint64_t unknown[8];     /* bit n: Linux's call n was refused and logged before */
	int exit_status;
	uint64_t user_tsc; /* TSC ticks on a CPU, its system calls included */
	struct {           /* files 1 and 2: user/console.c */
		char line[CONSOLE_LINE];
		uint32_t len, lines;
	} console;
};
