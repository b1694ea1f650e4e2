/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A single-threaded program in ring 3. It has no kernel stack: entering it is a function call that
 * returns with the reason why it stopped, and its registers wait in struct process. So a process
 * can be put aside anywhere in user code and go on on any other CPU.
 *
 * The kernel runs with IF=0 always; user code runs with IF=1, so interrupts (the slice's end)
 * arrive there and only there.
 */
#include "user/space.h"

struct service;

struct user_regs { /* user/user.S knows the order */
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error; /* of the exception or interrupt; vector 256: SYSCALL */
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t fs_base;
};

#define USER_SYSCALL 256

/* Lines of a service in the log: so many of them, then one of CONSOLE_SPARSE. */
#define CONSOLE_LINE   160
#define CONSOLE_BURST  256
#define CONSOLE_SPARSE 256

struct process {
	const char *name;
	struct space space;
	struct user_regs regs;
	uint8_t *fpu; /* 512-byte FXSAVE image, 16-byte aligned */
	uint64_t brk_start, brk;
	struct service *service; /* whose requests SERVICE_CALL_WAIT gives; NULL: none */
	uint64_t unknown[8];     /* bit n: Linux call n was refused and logged already */
	int exit_status;
	uint64_t user_tsc; /* time on a CPU, its system calls included */
	struct {           /* files 1 and 2: user/console.c */
		char line[CONSOLE_LINE];
		uint32_t len, lines;
	} console;
};
