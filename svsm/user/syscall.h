/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * System calls of ring 3. Each registers itself in the linker section svsm_syscalls; a number that
 * nobody registered is -ENOSYS and one line in the log per process and number.
 */
#include "user/process.h"

enum syscall_then {
	SYSCALL_RESUME,   /* result goes to RAX, back to user mode */
	SYSCALL_AGAIN,    /* PROCESS_WAITS: RIP stays at the instruction, so it is called again */
	SYSCALL_ANSWERED, /* result goes to RAX, process_run returns PROCESS_ANSWERED */
	SYSCALL_EXIT,     /* process_run returns PROCESS_EXITED */
	SYSCALL_FAULT,    /* the process asked for what ends it (abort): PROCESS_FAULTED */
};

struct syscall_args {
	uint64_t a[6];  /* RDI, RSI, RDX, R10, R8, R9 */
	int64_t result; /* starts as 0 */
};

struct svsm_syscall {
	uint64_t number;
	enum syscall_then (*call)(struct process *p, struct syscall_args *args);
};

#define SVSM_SYSCALL(nr, fn)                                                                       \
	static const struct svsm_syscall syscall_entry_##fn SECTION("svsm_syscalls") = {nr, fn}

enum syscall_then syscall_serve(struct process *p, uint64_t number, struct syscall_args *args);
