/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Linux's system calls without a C library, and what the probe's files share. */
#include "base/types.h"

enum {
	NR_READ = 0,
	NR_WRITE = 1,
	NR_CLOSE = 3,
	NR_LSEEK = 8,
	NR_MMAP = 9,
	NR_MPROTECT = 10,
	NR_MUNMAP = 11,
	NR_BRK = 12,
	NR_RT_SIGACTION = 13,
	NR_IOCTL = 16,
	NR_WRITEV = 20,
	NR_GETPID = 39,
	NR_UNAME = 63,
	NR_READLINK = 89,
	NR_SYSINFO = 99,
	NR_GETUID = 102,
	NR_ARCH_PRCTL = 158,
	NR_FUTEX = 202,
	NR_CLOCK_GETTIME = 228,
	NR_EXIT_GROUP = 231,
	NR_TGKILL = 234,
	NR_OPENAT = 257,
	NR_NEWFSTATAT = 262,
	NR_PRLIMIT64 = 302,
	NR_GETRANDOM = 318,
	NR_RSEQ = 334,
};

static inline int64_t call6(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			    uint64_t e, uint64_t f)
{
	register uint64_t r10 __asm("r10") = d;
	register uint64_t r8 __asm("r8") = e;
	register uint64_t r9 __asm("r9") = f;
	int64_t r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

static inline int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	return call6(number, a, b, c, 0, 0, 0);
}

/* One thing that the probe can be told to do, by its name "probe:NAME". The result is its exit
 * status: 0, or the line of the check that failed. */
struct deed {
	const char *name;
	int (*run)(void);
};

/* Each table ends with a NULL name. */
extern const struct deed fault_deeds[], check_deeds[], call_deeds[], spin_deeds[];

#define MUST(c)                                                                                    \
	do {                                                                                       \
		if (!(c))                                                                          \
			return __LINE__;                                                           \
	} while (0)
