/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * System calls as ring 3 sees them: the answers are those that Linux would give, and a bad pointer
 * costs nothing but -EFAULT. The self-tests user_checks, user_pages and user_log run these.
 */
#include "mm/layout.h"
#include "lib/string.h"
#include "services/probe/call.h"
#include "user/elf.h"
#include "user/syscall.h"

#define PROT_RW  3
#define PROT_RWX 7
#define PRIVATE  0x22 /* MAP_PRIVATE | MAP_ANONYMOUS */
#define KERNEL   (KERNEL_BASE + 0x100000)

/* Bad addresses for calls that write: nothing mapped, the kernel, guest memory, read-only text,
 * the last byte of user space, one that wraps, one that is not canonical. */
static const uint64_t bad[] = {8,         KERNEL,        GUEST_MAP_BASE, 0x401000, USER_END - 1,
			       ~0ull - 3, 0x800000000000};

static int bad_pointers(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		MUST(call(NR_UNAME, bad[i], 0, 0) == -SYS_EFAULT);
		MUST(call(NR_SYSINFO, bad[i], 0, 0) == -SYS_EFAULT);
		MUST(call(NR_CLOCK_GETTIME, 1, bad[i], 0) == -SYS_EFAULT);
		MUST(call(NR_GETRANDOM, bad[i], 32, 0) == -SYS_EFAULT);
		MUST(call6(NR_PRLIMIT64, 0, 3, 0, bad[i], 0, 0) == -SYS_EFAULT);
		MUST(call(NR_RT_SIGACTION, 6, 0, bad[i]) == -SYS_EFAULT);
		MUST(call(NR_IOCTL, 1, 0x5401, bad[i]) == -SYS_EFAULT);
		MUST(call(NR_ARCH_PRCTL, 0x1003, bad[i], 0) == -SYS_EFAULT);
		if (bad[i] == 0x401000) /* this one can be read */
			continue;
		MUST(call(NR_WRITE, 1, bad[i], 8) == -SYS_EFAULT);
		MUST(call(NR_WRITEV, 1, bad[i], 1) == -SYS_EFAULT);
		MUST(call(NR_OPENAT, -100, bad[i], 0) == -SYS_EFAULT);
		MUST(call6(NR_FUTEX, bad[i], 0, 0, 1, 0, 0) == -SYS_EFAULT);
	}
	MUST(call(NR_ARCH_PRCTL, 0x1002, KERNEL, 0) == -SYS_EPERM);
	return 0;
}

static int files(void)
{
	struct {
		const char *base;
		uint64_t len;
	} v[2] = {{"one line ", 9}, {"in two pieces\n", 14}};
	uint8_t st[144];

	MUST(call(NR_WRITE, 1, (uint64_t) "text\x1b[1m\n", 9) == 9);
	MUST(call(NR_WRITEV, 2, (uint64_t)v, 2) == 23);
	MUST(call(NR_WRITE, 3, (uint64_t) "x", 1) == -SYS_EBADF);
	MUST(call(NR_WRITE, 0, (uint64_t) "x", 1) == -SYS_EBADF);
	MUST(call(NR_READ, 0, (uint64_t)st, 1) == -SYS_EBADF);
	MUST(call(NR_CLOSE, 7, 0, 0) == -SYS_EBADF);
	MUST(call(NR_LSEEK, 1, 0, 0) == -SYS_ESPIPE);
	MUST(call(NR_OPENAT, -100, (uint64_t) "/etc/passwd", 0) == -SYS_ENOENT);
	MUST(call(NR_READLINK, (uint64_t) "/proc/self/exe", (uint64_t)st, 144) == -SYS_ENOENT);
	MUST(call6(NR_NEWFSTATAT, 1, (uint64_t) "", (uint64_t)st, 0x1000, 0, 0) == 0);
	MUST(call6(NR_NEWFSTATAT, 5, (uint64_t) "", (uint64_t)st, 0x1000, 0, 0) == -SYS_EBADF);
	MUST(call(NR_IOCTL, 1, 0x5413, (uint64_t)st) == -SYS_ENOTTY);
	return 0;
}

/* Called often; there must be only one line in the log per number. */
static int unknown(void)
{
	for (unsigned i = 0; i < 100; i++) { /* one line in the log */
		MUST(call(NR_UNAME + 1, 0, 0, 0) == -SYS_ENOSYS);
		MUST(call(100000, 0, 0, 0) == -SYS_ENOSYS);
	}
	MUST(call(~0ull, 0, 0, 0) == -SYS_ENOSYS);
	MUST(call(1ull << 63, 0, 0, 0) == -SYS_ENOSYS);
	MUST(call(NR_RSEQ, 0, 0, 0) == -SYS_ENOSYS);
	return 0;
}

static int64_t map(uint64_t hint, uint64_t len, unsigned prot)
{
	return call6(NR_MMAP, hint, len, prot, PRIVATE, ~0ull, 0);
}

static int memory(void)
{
	uint64_t brk = (uint64_t)call(NR_BRK, 0, 0, 0), at, other;

	MUST(brk >= 0x400000);
	MUST((uint64_t)call(NR_BRK, brk + 10000, 0, 0) == brk + 10000);
	((volatile char *)brk)[9999] = 1;
	MUST((uint64_t)call(NR_BRK, brk + 1, 0, 0) == brk + 1);
	MUST((uint64_t)call(NR_BRK, brk + 10000, 0, 0) == brk + 10000);
	MUST(!((volatile char *)brk)[9999]); /* another page, zeroed */
	MUST((uint64_t)call(NR_BRK, KERNEL, 0, 0) == brk + 10000);
	MUST((uint64_t)call(NR_BRK, 0x1000, 0, 0) == brk + 10000);

	at = (uint64_t)map(0, 5000, PROT_RW);
	MUST(at < USER_END && !(at & PAGE_MASK));
	memset((void *)at, 0x5a, 8192);
	other = (uint64_t)map(at, 4096, PROT_RW);
	MUST(other < USER_END && other != at);
	MUST(!*(volatile uint8_t *)other);
	MUST(call(NR_MPROTECT, at, 4096, 1) == 0);
	MUST(call(NR_GETRANDOM, at, 16, 0) == -SYS_EFAULT); /* read-only now */
	MUST(call(NR_MPROTECT, at, 4096, PROT_RW) == 0);
	MUST(call(NR_GETRANDOM, at, 16, 0) == 16);
	MUST(call(NR_MPROTECT, at, 4096, 0) == 0);
	MUST(call(NR_WRITE, 1, at, 1) == -SYS_EFAULT); /* nor can it be read */
	MUST(call(NR_MUNMAP, at, 8192, 0) == 0);
	MUST(call(NR_GETRANDOM, at + 4096, 16, 0) == -SYS_EFAULT);
	MUST(map(0, 8192, PROT_RW) == (int64_t)at); /* the hole is used again */
	return 0;
}

static int memory_refused(void)
{
	uint64_t at = (uint64_t)map(0, 4096, PROT_RW);

	MUST(map(0, 4096, PROT_RWX) == -SYS_EACCES);
	MUST(map(0, 4096, 5) == -SYS_EACCES);
	MUST(call(NR_MPROTECT, at, 4096, 5) == -SYS_EACCES);
	MUST(call(NR_MPROTECT, at, 4096, PROT_RWX) == -SYS_EACCES);
	MUST(call(NR_MPROTECT, 0x401000, 4096, PROT_RW) == -SYS_ENOMEM); /* the image's page */
	MUST(call(NR_MPROTECT, at + 1, 4096, PROT_RW) == -SYS_EINVAL);
	MUST(call(NR_MPROTECT, KERNEL_BASE, 4096, PROT_RW) == -SYS_ENOMEM);
	MUST(call(NR_MPROTECT, at - 4096, 8192, PROT_RW) == -SYS_ENOMEM); /* a hole */
	MUST(call(NR_MUNMAP, KERNEL_BASE, 4096, 0) == -SYS_EINVAL);
	MUST(call(NR_MUNMAP, at, ~0ull, 0) == -SYS_EINVAL);
	MUST(call(NR_MUNMAP, at, 0, 0) == -SYS_EINVAL);
	MUST(map(0, 0, PROT_RW) == -SYS_EINVAL);
	MUST(map(0, ~0ull, PROT_RW) == -SYS_ENOMEM);
	MUST(map(0, 1ull << 46, PROT_RW) == -SYS_ENOMEM);
	MUST(call6(NR_MMAP, at, 4096, PROT_RW, PRIVATE | 0x10, ~0ull, 0) ==
	     -SYS_EINVAL);                                                     /* FIXED */
	MUST(call6(NR_MMAP, 0, 4096, PROT_RW, 0x21, ~0ull, 0) == -SYS_EINVAL); /* SHARED */
	MUST(call6(NR_MMAP, 0, 4096, PROT_RW, 0x02, 1, 0) == -SYS_EINVAL);     /* a file */
	return 0;
}

/* Maps page by page up to the process's limit: then it is refused, and everything else goes on. */
static int limit(void)
{
	unsigned n = 0;

	while (map(0, 4096, PROT_RW) > 0)
		if (++n > 100000)
			return __LINE__;
	MUST(n > 16);
	MUST(map(0, 4096, PROT_RW) == -SYS_ENOMEM);
	MUST(call(NR_GETPID, 0, 0, 0) == 1);
	return 0;
}

/* Maps and unmaps the same again and again: that must not use up the limit. */
static int churn(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		int64_t at = map(0, 8 * 4096, PROT_RW);

		MUST(at > 0);
		MUST(call(NR_MUNMAP, at, 8 * 4096, 0) == 0);
	}
	return 0;
}

static int others(void)
{
	static uint32_t word = 5;
	uint64_t t[2], u[2];
	uint8_t a[32] = {0}, b[32] = {0};

	MUST(call(NR_GETPID, 0, 0, 0) == 1);
	MUST(call(NR_GETUID, 0, 0, 0) == 0);
	MUST(call(NR_GETRANDOM, (uint64_t)a, 32, 0) == 32);
	MUST(call(NR_GETRANDOM, (uint64_t)b, 32, 0) == 32);
	MUST(memcmp(a, b, 32));
	MUST(call(NR_GETRANDOM, (uint64_t)a, 32, 8) == -SYS_EINVAL);
	MUST(call(NR_CLOCK_GETTIME, 1, (uint64_t)t, 0) == 0);
	MUST(call(NR_CLOCK_GETTIME, 1, (uint64_t)u, 0) == 0);
	MUST(u[0] > t[0] || (u[0] == t[0] && u[1] >= t[1]));
	MUST(call(NR_CLOCK_GETTIME, 99, (uint64_t)t, 0) == -SYS_EINVAL);
	MUST(call6(NR_FUTEX, (uint64_t)&word, 1, 1, 0, 0, 0) == 0);           /* WAKE */
	MUST(call6(NR_FUTEX, (uint64_t)&word, 0, 4, 0, 0, 0) == -SYS_EAGAIN); /* WAIT */
	MUST(call6(NR_FUTEX, (uint64_t)&word, 0, 5, 1, 0, 0) == -SYS_ETIMEDOUT);
	MUST(call(NR_ARCH_PRCTL, 0x1001, 0, 0) == -SYS_EINVAL); /* SET_GS */
	return 0;
}

/* FS base can be set, is in effect, and survives a system call. */
static int tls(void)
{
	static uint64_t block[2] = {0, 0x1badcafe};
	uint64_t v;

	MUST(call(NR_ARCH_PRCTL, 0x1002, (uint64_t)block, 0) == 0);
	__asm__ volatile("movq %%fs:8, %0" : "=r"(v));
	MUST(v == 0x1badcafe);
	MUST(call(NR_GETPID, 0, 0, 0) == 1);
	__asm__ volatile("movq %%fs:8, %0" : "=r"(v));
	MUST(v == 0x1badcafe);
	return 0;
}

/* Writes as much text as it can. */
static int flood(void)
{
	for (unsigned i = 0; i < 20000; i++)
		MUST(call(NR_WRITE, 1, (uint64_t) "flood\n", 6) == 6);
	return 0;
}

const struct deed call_deeds[] = {
	{"bad-pointers", bad_pointers},
	{"files", files},
	{"unknown", unknown},
	{"memory", memory},
	{"memory-refused", memory_refused},
	{"limit", limit},
	{"churn", churn},
	{"others", others},
	{"tls", tls},
	{"flood", flood},
	{NULL, NULL},
};
