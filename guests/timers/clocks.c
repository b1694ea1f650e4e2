/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "timers/clocks.h"

struct timespec clocks_spec(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / NS_A_SECOND), (long)(ns % NS_A_SECOND)};
}

uint64_t clocks_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * NS_A_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t clocks_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return clocks_ns(t);
}

void clocks_sleep_until(uint64_t monotonic)
{
	const struct timespec t = clocks_spec(monotonic);

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
		;
}

/* No read of the counter passes an earlier load (APM vol. 2, 13.2.4). */
uint64_t clocks_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

unsigned cpus_online(void)
{
	return (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
}

bool cpus_pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 && sched_getcpu() == (int)cpu;
}

const char *file_text(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, to + have, room - 1 - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	while (have && strchr(" \n", to[have - 1]))
		have--;
	to[have] = 0;
	return to;
}

bool file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* The first column behind the name, which stands at the right end of its field. */
static const char *row_of(const char *text, const char *name)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += strspn(line, " \n");
		if (!strncmp(line, name, strlen(name)))
			return line + strlen(name);
	}
	return NULL;
}

/* Columns first, first + 1 and so on, `count` of them. */
static uint64_t columns(const char *name, unsigned first, unsigned count)
{
	static _Thread_local char text[32768];
	const char *p = row_of(file_text("/proc/interrupts", text, sizeof(text)), name);
	uint64_t sum = 0;

	for (unsigned i = 0; p && i < first + count; i++) {
		char *end;
		uint64_t value = strtoull(p, &end, 10);

		if (i >= first)
			sum += value;
		p = end;
	}
	return sum;
}

uint64_t interrupts_on(const char *row, unsigned cpu)
{
	return columns(row, cpu, 1);
}

uint64_t interrupts(const char *row)
{
	return columns(row, 0, cpus_online());
}
