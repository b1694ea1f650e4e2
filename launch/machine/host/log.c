/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The monitor's log: a line is put together on the stack and sent as one string. Lines of several
 * CPUs do not mix, but a CPU that waits too long for another's line writes all the same.
 */
#include "machine/host/log.h"
#include "machine/host/park.h"
#include "machine/host/percpu.h"
#include "machine/host/wait.h"
#include "abi/machine.h"
#include "base/x86.h"
#include "lib/fmt.h"

/* The CPU that writes, its number + 1; 0: none does. An exception or NMI on the same CPU writes
 * through it. */
static uint32_t owner;

/* Waiting for a line of another CPU is bounded: a log must come out even if that CPU died in it.
 * Its thread may only not be run: a line that comes out in the middle of another spoils both. */
#define LOG_WAIT_MS 2000

/* False: write without owning the log, because this CPU owns it already or has waited long
 * enough. */
static bool acquire(uint32_t me)
{
	struct patience p = host_patience(LOG_WAIT_MS);
	uint32_t want = 0;

	if (READ_ONCE(owner) == me)
		return false;
	while (!__atomic_compare_exchange_n(&owner, &want, me, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		if (host_patience_over(&p))
			return false;
		want = 0;
		cpu_relax();
	}
	return true;
}

/* A debugcon takes bytes as fast as they come. */
static void emit(uint16_t port, const char *s, size_t n)
{
	__asm__ volatile("rep outsb" : "+S"(s), "+c"(n) : "d"(port) : "memory");
}

void log_trail(const char *line, size_t n)
{
	emit(MACHINE_TRAIL_PORT, line, n);
}

void log_vprint(const char *head, const char *fmt, va_list ap)
{
	uint64_t khz = host_tsc_khz(), ms = khz ? rdtsc() / khz : 0;
	uint32_t me = host_cpu() + 1;
	char line[LOG_LINE_MAX + 1];
	size_t n;
	bool mine;

	n = fmt_scnprintf(line, LOG_LINE_MAX, "[cpu %u %3llu.%03llu] %s", me - 1,
			  (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000), head);
	n += (size_t)fmt_vsnprintf(line + n, LOG_LINE_MAX - n, fmt, ap);
	n = MIN(n, (size_t)LOG_LINE_MAX - 1);
	if (line[n - 1] != '\n')
		line[n++] = '\n';
	mine = acquire(me);
	emit(MACHINE_LOG_PORT, line, n);
	if (!mine)
		return;
	__atomic_store_n(&owner, 0, __ATOMIC_RELEASE);
	if (park_asked())
		park();
}

bool log_writing(void)
{
	return READ_ONCE(owner) == host_cpu() + 1;
}

void host_log(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprint("", fmt, ap);
	va_end(ap);
}
