/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * System calls about the process itself: its end, its IDs, its one thread, and signals that never
 * come. Most exist only because a C library makes them at its start. The numbers are Linux's
 * x86-64 ones.
 */
#include "user/usermode.h"
#include "user/elf.h"
#include "user/syscall.h"

#define PID            1
#define ARCH_SET_FS    0x1002
#define ARCH_GET_FS    0x1003
#define RLIMIT_STACK   3
#define FUTEX_WAIT     0
#define FUTEX_WAKE     1
#define FUTEX_WAIT_BIT 9
#define FUTEX_WAKE_BIT 10
#define FUTEX_COMMAND  0x7f
#define SIGNAL_MAX     64

static enum syscall_then sys_exit(struct process *p, struct syscall_args *args)
{
	p->exit_status = args->a[0] & 0xff;
	return SYSCALL_EXIT;
}

/* There is one process, so a signal can only be one to itself: abort() and the like. It ends the
 * process as a fault. */
static enum syscall_then sys_kill(struct process *p, struct syscall_args *args)
{
	(void)p;
	(void)args;
	return SYSCALL_FAULT;
}

/* Accepted without effect, or with a result of 0: there is one user, root, and nothing of it can
 * be changed. */
static enum syscall_then sys_nothing(struct process *p, struct syscall_args *args)
{
	(void)p;
	(void)args;
	return SYSCALL_RESUME;
}

static enum syscall_then sys_pid(struct process *p, struct syscall_args *args)
{
	(void)p;
	args->result = PID;
	return SYSCALL_RESUME;
}

/* -ENOSYS without a line in the log: C libraries try these and do without. */
static enum syscall_then sys_absent(struct process *p, struct syscall_args *args)
{
	(void)p;
	return syscall_error(args, SYS_ENOSYS);
}

/* FS base is the thread pointer. It may be any address of user space; GS base stays 0, because the
 * kernel tells its own GS from the user's by that (cpu/trap/entry.S). */
static enum syscall_then sys_arch_prctl(struct process *p, struct syscall_args *args)
{
	if (args->a[0] == ARCH_GET_FS)
		return user_copy_out(args->a[1], &p->regs.fs_base, 8)
			       ? SYSCALL_RESUME
			       : syscall_error(args, SYS_EFAULT);
	if (args->a[0] != ARCH_SET_FS)
		return syscall_error(args, SYS_EINVAL);
	if (args->a[1] >= USER_END)
		return syscall_error(args, SYS_EPERM);
	p->regs.fs_base = args->a[1];
	usermode_set_fs(p);
	return SYSCALL_RESUME;
}

/* With one thread nobody waits, so there is nobody to wake. A wait without a time-out would never
 * end, so it is a fault; one with a time-out has timed out at once. Arguments: address, operation,
 * value, time-out. */
static enum syscall_then sys_futex(struct process *p, struct syscall_args *args)
{
	uint32_t v;

	(void)p;
	switch (args->a[1] & FUTEX_COMMAND) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_BIT:
		return SYSCALL_RESUME;
	case FUTEX_WAIT:
	case FUTEX_WAIT_BIT:
		if (!user_copy_in(&v, args->a[0], sizeof(v)))
			return syscall_error(args, SYS_EFAULT);
		if (v != (uint32_t)args->a[2])
			return syscall_error(args, SYS_EAGAIN);
		return args->a[3] ? syscall_error(args, SYS_ETIMEDOUT) : SYSCALL_FAULT;
	default:
		return syscall_error(args, SYS_ENOSYS);
	}
}

/* Arguments: process, resource, new limit, place for the old one. No limit can be set. */
static enum syscall_then sys_prlimit64(struct process *p, struct syscall_args *args)
{
	uint64_t limit[2] = {~0ull, ~0ull};

	(void)p;
	if (args->a[2])
		return syscall_error(args, SYS_EPERM);
	if (args->a[1] == RLIMIT_STACK)
		limit[0] = limit[1] = ELF_STACK_SIZE;
	if (args->a[3] && !user_copy_out(args->a[3], limit, sizeof(limit)))
		return syscall_error(args, SYS_EFAULT);
	return SYSCALL_RESUME;
}

/* struct sysinfo of <linux/sysinfo.h> */
struct user_sysinfo {
	uint64_t uptime, loads[3], total, free, shared, buffer, swap, free_swap;
	uint16_t procs, pad[3];
	uint64_t total_high, free_high;
	uint32_t unit, rsvd;
} PACKED;
ABI_SIZE(struct user_sysinfo, 112, "x86-64 struct sysinfo");

static enum syscall_then sys_sysinfo(struct process *p, struct syscall_args *args)
{
	struct user_sysinfo s = {.total = p->space.limit,
				 .free = p->space.limit - p->space.pages,
				 .procs = 1,
				 .unit = PAGE_SIZE};

	return user_copy_out(args->a[0], &s, sizeof(s)) ? SYSCALL_RESUME
							: syscall_error(args, SYS_EFAULT);
}

static enum syscall_then sys_uname(struct process *p, struct syscall_args *args)
{
	/* system, node, release (glibc wants 3.2 at least), version, machine, domain */
	static const char names[6][65] = {"Linux", "svsm", "6.1.0-keelson", "1", "x86_64", ""};

	(void)p;
	return user_copy_out(args->a[0], names, sizeof(names)) ? SYSCALL_RESUME
							       : syscall_error(args, SYS_EFAULT);
}

/* Signal actions and masks are not kept: the old setting is always zeros (default action, nothing
 * blocked). Arguments: signal or how, new, place for the old one. */
static enum syscall_then signal_call(struct syscall_args *args, size_t size)
{
	static const uint8_t zeros[32];

	if (args->a[2] && !user_copy_out(args->a[2], zeros, size))
		return syscall_error(args, SYS_EFAULT);
	return SYSCALL_RESUME;
}

static enum syscall_then sys_rt_sigaction(struct process *p, struct syscall_args *args)
{
	(void)p;
	if (!args->a[0] || args->a[0] > SIGNAL_MAX)
		return syscall_error(args, SYS_EINVAL);
	return signal_call(args, 32);
}

static enum syscall_then sys_rt_sigprocmask(struct process *p, struct syscall_args *args)
{
	(void)p;
	return signal_call(args, 8);
}

/* Arguments: process, bytes, mask. The process sees one CPU. Result: the bytes of the mask. */
static enum syscall_then sys_sched_getaffinity(struct process *p, struct syscall_args *args)
{
	uint64_t mask = 1;

	(void)p;
	if (args->a[1] < sizeof(mask))
		return syscall_error(args, SYS_EINVAL);
	if (!user_copy_out(args->a[2], &mask, sizeof(mask)))
		return syscall_error(args, SYS_EFAULT);
	args->result = sizeof(mask);
	return SYSCALL_RESUME;
}

SVSM_SYSCALL(60, sys_exit);
SVSM_SYSCALL(231, sys_exit); /* exit_group */
SVSM_SYSCALL(62, sys_kill);
SVSM_SYSCALL(200, sys_kill);    /* tkill */
SVSM_SYSCALL(234, sys_kill);    /* tgkill */
SVSM_SYSCALL(39, sys_pid);      /* getpid */
SVSM_SYSCALL(186, sys_pid);     /* gettid */
SVSM_SYSCALL(218, sys_pid);     /* set_tid_address */
SVSM_SYSCALL(110, sys_nothing); /* getppid */
SVSM_SYSCALL(102, sys_nothing); /* getuid */
SVSM_SYSCALL(104, sys_nothing); /* getgid */
SVSM_SYSCALL(107, sys_nothing); /* geteuid */
SVSM_SYSCALL(108, sys_nothing); /* getegid */
SVSM_SYSCALL(24, sys_nothing);  /* sched_yield */
SVSM_SYSCALL(131, sys_nothing); /* sigaltstack */
SVSM_SYSCALL(273, sys_nothing); /* set_robust_list */
SVSM_SYSCALL(25, sys_absent);   /* mremap */
SVSM_SYSCALL(334, sys_absent);  /* rseq */
SVSM_SYSCALL(158, sys_arch_prctl);
SVSM_SYSCALL(202, sys_futex);
SVSM_SYSCALL(302, sys_prlimit64);
SVSM_SYSCALL(99, sys_sysinfo);
SVSM_SYSCALL(63, sys_uname);
SVSM_SYSCALL(13, sys_rt_sigaction);
SVSM_SYSCALL(14, sys_rt_sigprocmask);
SVSM_SYSCALL(204, sys_sched_getaffinity);
