/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * System calls of ring 3. Each registers itself in the linker section svsm_syscalls. A number that
 * is not registered is answered with -ENOSYS and one line in the log per process and number.
 */
#include "user/process.h"

enum syscall_then {
	SYSCALL_RESUME,   /* result goes to RAX; back to ring 3 */
	SYSCALL_AGAIN,    /* PROCESS_WAITS; RIP steps back, so that the call is made again */
	SYSCALL_ANSWERED, /* result goes to RAX; process_run() returns PROCESS_ANSWERED */
	SYSCALL_EXIT,     /* process_run() returns PROCESS_EXITED */
	SYSCALL_FAULT,    /* PROCESS_FAULTED: the process has asked for its end (abort) */
};

struct syscall_args {
	uint64_t a[6];  /* RDI, RSI, RDX, R10, R8, R9 */
	int64_t result; /* starts as 0 */
};

typedef enum syscall_then (*syscall_fn)(struct process *p, struct syscall_args *args);

struct svsm_syscall {
	uint64_t number; /* below SYSCALL_LINUX_MAX, or SERVICE_CALL_WAIT and the 15 after it */
	syscall_fn call;
};

#define SYSCALL_LINUX_MAX 512

#define SVSM_SYSCALL(nr, fn)                                                                       \
	static const struct svsm_syscall syscall_entry_##nr SECTION("svsm_syscalls") = {nr, fn}

/* Make the table from the section. May be called again; process_create() does so. */
void syscall_init(void);
enum syscall_then syscall_serve(struct process *p, uint64_t number, struct syscall_args *args);

/* Results: -errno, with Linux's numbers. */
#define SYS_EPERM     1
#define SYS_ENOENT    2
#define SYS_EIO       5
#define SYS_EBADF     9
#define SYS_EAGAIN    11
#define SYS_ENOMEM    12
#define SYS_EACCES    13
#define SYS_EFAULT    14
#define SYS_EINVAL    22
#define SYS_ENOTTY    25
#define SYS_ESPIPE    29
#define SYS_ENOSYS    38
#define SYS_ETIMEDOUT 110

static inline enum syscall_then syscall_error(struct syscall_args *args, int err)
{
	args->result = -err;
	return SYSCALL_RESUME;
}
