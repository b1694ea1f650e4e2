/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * System calls for time and random numbers. There is no wall clock that the SVSM could trust, so
 * every clock counts from the start of the SVSM, except the clocks of CPU time. Random numbers are
 * the processor's or an error.
 */
#include "cpu/random.h"
#include "cpu/timer.h"
#include "lib/string.h"
#include "user/syscall.h"

#define CLOCK_PROCESS   2
#define CLOCK_THREAD    3
#define CLOCK_MAX       11
#define NS_PER_S        1000000000ull
#define GETRANDOM_FLAGS 7
#define CHUNK           64

/* False for a clock that Linux does not have. */
static bool clock_ns(const struct process *p, uint64_t clock, uint64_t *ns)
{
	if (clock > CLOCK_MAX)
		return false;
	if (clock == CLOCK_PROCESS || clock == CLOCK_THREAD)
		*ns = timer_ns(p->user_tsc);
	else
		*ns = timer_uptime_ns();
	return true;
}

/* Writes struct timespec or timeval: seconds, and the rest in units of per_unit ns. `to`
 * may be 0. */
static enum syscall_then put_time(struct syscall_args *args, uint64_t to, uint64_t ns,
				  uint64_t per_unit)
{
	uint64_t t[2] = {ns / NS_PER_S, ns % NS_PER_S / per_unit};

	if (to && !user_copy_out(to, t, sizeof(t)))
		return syscall_error(args, SYS_EFAULT);
	return SYSCALL_RESUME;
}

static enum syscall_then sys_clock_gettime(struct process *p, struct syscall_args *args)
{
	uint64_t ns;

	if (!clock_ns(p, args->a[0], &ns))
		return syscall_error(args, SYS_EINVAL);
	return args->a[1] ? put_time(args, args->a[1], ns, 1) : syscall_error(args, SYS_EFAULT);
}

static enum syscall_then sys_clock_getres(struct process *p, struct syscall_args *args)
{
	uint64_t ns;

	if (!clock_ns(p, args->a[0], &ns))
		return syscall_error(args, SYS_EINVAL);
	return put_time(args, args->a[1], 1, 1);
}

static enum syscall_then sys_gettimeofday(struct process *p, struct syscall_args *args)
{
	(void)p;
	return put_time(args, args->a[0], timer_uptime_ns(), 1000);
}

static enum syscall_then sys_time(struct process *p, struct syscall_args *args)
{
	uint64_t s = timer_uptime_ns() / NS_PER_S;

	(void)p;
	if (args->a[0] && !user_copy_out(args->a[0], &s, sizeof(s)))
		return syscall_error(args, SYS_EFAULT);
	args->result = s;
	return SYSCALL_RESUME;
}

/* Arguments: to, bytes, flags. At most a page per call; Linux promises no more than 256 bytes. */
static enum syscall_then sys_getrandom(struct process *p, struct syscall_args *args)
{
	uint64_t len = MIN(args->a[1], PAGE_SIZE);
	uint8_t chunk[CHUNK];

	(void)p;
	if (args->a[2] & ~(uint64_t)GETRANDOM_FLAGS)
		return syscall_error(args, SYS_EINVAL);
	for (uint64_t at = 0; at < len; at += CHUNK) {
		size_t n = MIN(len - at, sizeof(chunk));
		int error = !random_fill(chunk, n)                      ? SYS_EIO
			    : !user_copy_out(args->a[0] + at, chunk, n) ? SYS_EFAULT
									: 0;

		string_wipe(chunk, n);
		if (error)
			return syscall_error(args, error);
	}
	args->result = len;
	return SYSCALL_RESUME;
}

SVSM_SYSCALL(228, sys_clock_gettime);
SVSM_SYSCALL(229, sys_clock_getres);
SVSM_SYSCALL(96, sys_gettimeofday);
SVSM_SYSCALL(201, sys_time);
SVSM_SYSCALL(318, sys_getrandom);
