/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Files, modules and CPUs of the guest. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"

long agent_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1, have = 0;

	while (fd >= 0 && (n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	if (fd >= 0)
		close(fd);
	if (have > 0 && buf[have - 1] == '\n')
		have--;
	buf[have] = 0;
	return n < 0 ? -1 : have;
}

bool agent_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* Bytes that a serial line still holds, the UART's own counted as one; 0 where it cannot tell. */
static int line_holds(int fd)
{
	int waiting = 0, lsr = TIOCSER_TEMT;

	ioctl(fd, TIOCOUTQ, &waiting);
	ioctl(fd, TIOCSERGETLSR, &lsr);
	return waiting + !(lsr & TIOCSER_TEMT);
}

/* Not tcdrain(): that waits for ever on a terminal that somebody has stopped or goes on writing to.
 */
void agent_drain(int fd)
{
	enum {
		LOOK_MS = 5,
		MOST_S = 10
	};
	double until = agent_uptime() + MOST_S;

	while (line_holds(fd) && agent_uptime() < until)
		usleep(LOOK_MS * 1000);
}

void agent_drain_console(void)
{
	fflush(stdout);
	agent_drain(STDOUT_FILENO);
}

/* The kernel's log from its beginning, however often it was read before. The caller frees it. */
char *agent_dmesg(void)
{
	enum {
		READ_ALL = 3,
		SIZE_BUFFER = 10
	};
	int size = klogctl(SIZE_BUFFER, NULL, 0);
	char *text = calloc(1, (size > 0 ? size : 0) + 1);

	if (!text)
		abort();
	if (size > 0)
		klogctl(READ_ALL, text, size);
	return text;
}

/* A module that is built in or loaded already is as good. */
bool agent_load_module(const char *name)
{
	char path[128];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (access(path, F_OK) == 0)
		return true; /* loaded, or built in */
	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	rc = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return rc == 0 || errno == EEXIST;
}

/*
 * False: there is no such CPU, or it is offline. Then the caller must not take its result for that
 * CPU's.
 */
bool agent_pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 && sched_getcpu() == (int)cpu;
}

unsigned agent_cpus_online(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 0;
}

double agent_uptime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
