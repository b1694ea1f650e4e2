/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * System calls on files. There are no files but 1 and 2, which write to the log (user/console.c)
 * and look like a terminal, so that a C library sends whole lines. Every path is unknown. The
 * numbers are Linux's x86-64 ones.
 */
#include "lib/string.h"
#include "user/console.h"
#include "user/syscall.h"

#define AT_EMPTY_PATH 0x1000
#define TCGETS        0x5401
#define IOV_MAX       1024
#define CHUNK         256

static bool is_console(uint64_t fd)
{
	return (uint32_t)fd == 1 || (uint32_t)fd == 2;
}

/* Writes what can be read of the buffer. The number of bytes written; -EFAULT when the first chunk
 * cannot be read. */
static int64_t write_user(struct process *p, uint64_t va, uint64_t len)
{
	char chunk[CHUNK];
	uint64_t done = 0;

	while (done < len) {
		size_t n = MIN(len - done, sizeof(chunk));

		if (!user_copy_in(chunk, va + done, n))
			return done ? (int64_t)done : -SYS_EFAULT;
		console_write(p, chunk, n);
		done += n;
	}
	return (int64_t)done;
}

static enum syscall_then sys_write(struct process *p, struct syscall_args *args)
{
	if (!is_console(args->a[0]))
		return syscall_error(args, SYS_EBADF);
	/* a page of text per call: the kernel cannot be interrupted while it copies */
	args->result = write_user(p, args->a[1], MIN(args->a[2], PAGE_SIZE));
	return SYSCALL_RESUME;
}

/* At most a page of text per call. A vector that cannot be read ends the call with what has been
 * written so far. */
static enum syscall_then sys_writev(struct process *p, struct syscall_args *args)
{
	struct {
		uint64_t base, len;
	} v;

	if (!is_console(args->a[0]))
		return syscall_error(args, SYS_EBADF);
	if (args->a[2] > IOV_MAX)
		return syscall_error(args, SYS_EINVAL);
	for (uint64_t i = 0; i < args->a[2] && (uint64_t)args->result < PAGE_SIZE; i++) {
		int64_t n;

		if (!user_copy_in(&v, args->a[1] + i * sizeof(v), sizeof(v)))
			return args->result ? SYSCALL_RESUME : syscall_error(args, SYS_EFAULT);
		n = write_user(p, v.base, MIN(v.len, PAGE_SIZE));
		if (n < 0)
			return args->result ? SYSCALL_RESUME : syscall_error(args, -n);
		args->result += n;
		if ((uint64_t)n < v.len)
			break;
	}
	return SYSCALL_RESUME;
}

static enum syscall_then sys_bad_file(struct process *p, struct syscall_args *args)
{
	(void)p;
	return syscall_error(args, SYS_EBADF);
}

static enum syscall_then sys_close(struct process *p, struct syscall_args *args)
{
	(void)p;
	return is_console(args->a[0]) ? SYSCALL_RESUME : syscall_error(args, SYS_EBADF);
}

static enum syscall_then sys_lseek(struct process *p, struct syscall_args *args)
{
	(void)p;
	return syscall_error(args, is_console(args->a[0]) ? SYS_ESPIPE : SYS_EBADF);
}

/* For a call with a path in argument `path`: no file has that name. */
static enum syscall_then no_file(struct syscall_args *args, unsigned path)
{
	char c;

	return syscall_error(args, user_copy_in(&c, args->a[path], 1) ? SYS_ENOENT : SYS_EFAULT);
}

static enum syscall_then sys_path_first(struct process *p, struct syscall_args *args)
{
	(void)p;
	return no_file(args, 0);
}

static enum syscall_then sys_path_second(struct process *p, struct syscall_args *args)
{
	(void)p;
	return no_file(args, 1);
}

/* struct stat of <asm/stat.h> */
struct user_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev, size, blksize, rest[10];
} PACKED;
ABI_SIZE(struct user_stat, 144, "x86-64 struct stat");

static enum syscall_then stat_console(uint64_t fd, uint64_t to, struct syscall_args *args)
{
	/* a character device, 5:1 (the console), that its owner may read and write */
	struct user_stat s = {.nlink = 1, .mode = 020600, .rdev = 0x501, .blksize = 1024};

	if (!is_console(fd))
		return syscall_error(args, SYS_EBADF);
	return user_copy_out(to, &s, sizeof(s)) ? SYSCALL_RESUME : syscall_error(args, SYS_EFAULT);
}

static enum syscall_then sys_fstat(struct process *p, struct syscall_args *args)
{
	(void)p;
	return stat_console(args->a[0], args->a[1], args);
}

/* Arguments: directory, path, struct stat, flags. glibc's fstat() comes as an empty path with
 * AT_EMPTY_PATH. */
static enum syscall_then sys_newfstatat(struct process *p, struct syscall_args *args)
{
	char c;

	(void)p;
	if (!user_copy_in(&c, args->a[1], 1))
		return syscall_error(args, SYS_EFAULT);
	if (c || !(args->a[3] & AT_EMPTY_PATH))
		return syscall_error(args, SYS_ENOENT);
	return stat_console(args->a[0], args->a[2], args);
}

static enum syscall_then sys_ioctl(struct process *p, struct syscall_args *args)
{
	static const uint8_t termios[36];

	(void)p;
	if (!is_console(args->a[0]))
		return syscall_error(args, SYS_EBADF);
	if ((uint32_t)args->a[1] != TCGETS)
		return syscall_error(args, SYS_ENOTTY);
	if (!user_copy_out(args->a[2], termios, sizeof(termios)))
		return syscall_error(args, SYS_EFAULT);
	return SYSCALL_RESUME;
}

SVSM_SYSCALL(0, sys_bad_file); /* read */
SVSM_SYSCALL(1, sys_write);
SVSM_SYSCALL(20, sys_writev);
SVSM_SYSCALL(3, sys_close);
SVSM_SYSCALL(8, sys_lseek);
SVSM_SYSCALL(17, sys_bad_file);     /* pread64 */
SVSM_SYSCALL(19, sys_bad_file);     /* readv */
SVSM_SYSCALL(72, sys_bad_file);     /* fcntl */
SVSM_SYSCALL(2, sys_path_first);    /* open */
SVSM_SYSCALL(4, sys_path_first);    /* stat */
SVSM_SYSCALL(21, sys_path_first);   /* access */
SVSM_SYSCALL(89, sys_path_first);   /* readlink */
SVSM_SYSCALL(257, sys_path_second); /* openat */
SVSM_SYSCALL(267, sys_path_second); /* readlinkat */
SVSM_SYSCALL(269, sys_path_second); /* faccessat */
SVSM_SYSCALL(5, sys_fstat);
SVSM_SYSCALL(262, sys_newfstatat);
SVSM_SYSCALL(16, sys_ioctl);
