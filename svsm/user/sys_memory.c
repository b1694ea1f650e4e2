/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * brk, mmap, munmap, mprotect, madvise. Memory is there at once or not at all: no page fault fills
 * it later. Nothing becomes executable after the program was loaded. The process's limit of pages
 * bounds every one of these calls.
 */
#include "user/elf.h"
#include "user/syscall.h"

#define PROT_READ     1u
#define PROT_WRITE    2u
#define PROT_EXEC     4u

#define MAP_PRIVATE   0x02u
#define MAP_ANONYMOUS 0x20u
/* Flags without a meaning here: MAP_GROWSDOWN, NORESERVE, POPULATE, NONBLOCK, STACK */
#define MAP_HINTS 0x3c100u

#define BRK_MAX   0x40000000ull

/* PROT_EXEC and unknown bits: false. */
static bool prot_of(uint64_t prot, unsigned *out)
{
	*out = (prot & PROT_READ ? SPACE_R : 0) | (prot & PROT_WRITE ? SPACE_W : 0);
	return !(prot & ~(uint64_t)(PROT_READ | PROT_WRITE));
}

static enum syscall_then sys_brk(struct process *p, struct syscall_args *args)
{
	uint64_t want = args->a[0];
	uint64_t old = ALIGN_UP(p->brk, PAGE_SIZE), new = ALIGN_UP(want, PAGE_SIZE);
	bool ok = want >= p->brk_start && want <= p->brk_start + BRK_MAX;

	if (ok && new > old)
		ok = space_map(&p->space, old, new - old, SPACE_R | SPACE_W);
	else if (ok && new < old)
		space_unmap(&p->space, new, old - new);
	if (ok)
		p->brk = want;
	args->result = p->brk; /* the old break when refused, as on Linux */
	return SYSCALL_RESUME;
}

/* Arguments: address, length, prot, flags, fd, offset. The address is only a hint, and it is
 * ignored. */
static enum syscall_then sys_mmap(struct process *p, struct syscall_args *args)
{
	uint64_t len = ALIGN_UP(args->a[1], PAGE_SIZE), va;
	unsigned prot;

	if (!args->a[1] || (args->a[3] & ~(uint64_t)MAP_HINTS) != (MAP_PRIVATE | MAP_ANONYMOUS))
		return syscall_error(args, SYS_EINVAL);
	if (!prot_of(args->a[2], &prot))
		return syscall_error(args, SYS_EACCES);
	if (len < args->a[1] || len / PAGE_SIZE > p->space.limit)
		return syscall_error(args, SYS_ENOMEM);
	va = space_find(&p->space, ELF_MMAP_LOW, ELF_MMAP_TOP, len);
	if (!va || !space_map(&p->space, va, len, prot))
		return syscall_error(args, SYS_ENOMEM);
	args->result = va;
	return SYSCALL_RESUME;
}

/* Rounds the length up, as Linux does. False: the address is not page aligned, or the range leaves
 * user space. */
static bool user_range(uint64_t va, uint64_t *len)
{
	uint64_t n = ALIGN_UP(*len, PAGE_SIZE);
	bool ok = IS_ALIGNED(va, PAGE_SIZE) && va >= USER_BASE && va < USER_END && n >= *len &&
		  n <= USER_END - va;

	*len = n;
	return ok;
}

static enum syscall_then sys_munmap(struct process *p, struct syscall_args *args)
{
	uint64_t len = args->a[1];

	if (!len || !user_range(args->a[0], &len))
		return syscall_error(args, SYS_EINVAL);
	space_unmap(&p->space, args->a[0], len);
	return SYSCALL_RESUME;
}

static enum syscall_then sys_mprotect(struct process *p, struct syscall_args *args)
{
	uint64_t len = args->a[1];
	unsigned prot;

	if (!IS_ALIGNED(args->a[0], PAGE_SIZE))
		return syscall_error(args, SYS_EINVAL);
	if (!len)
		return SYSCALL_RESUME;
	if (!prot_of(args->a[2], &prot))
		return syscall_error(args, SYS_EACCES);
	/* a range outside user space counts as not mapped */
	if (!user_range(args->a[0], &len) || !space_protect(&p->space, args->a[0], len, prot))
		return syscall_error(args, SYS_ENOMEM);
	return SYSCALL_RESUME;
}

/* Advice is ignored. MADV_DONTNEED (4) is refused, because it promises that the pages read as
 * zeros. */
static enum syscall_then sys_madvise(struct process *p, struct syscall_args *args)
{
	(void)p;
	return args->a[2] == 4 ? syscall_error(args, SYS_EINVAL) : SYSCALL_RESUME;
}

SVSM_SYSCALL(12, sys_brk);
SVSM_SYSCALL(9, sys_mmap);
SVSM_SYSCALL(11, sys_munmap);
SVSM_SYSCALL(10, sys_mprotect);
SVSM_SYSCALL(28, sys_madvise);
