/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * A program as a child of the agent: the contract is in child.h. external.c runs tests by it,
 * exec.c command lines. It must never leave a process behind, nor wait for a program that is silent
 * for longer than its limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/child.h"

enum {
	REPORT_FD = 3,
	POLL_MS =
		1000, /* how exactly silence is timed; a signal just before poll() waits as long */
	TURN_MS = 2 * POLL_MS, /* the most that a turn counts: more, and this machine stood still */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- start ---- */

/*
 * Runs in the child and turns it into the program. The program gets /dev/null, the two pipes and
 * the report channel; every other descriptor closes by itself at exec.
 */
static NORETURN void become(const char *const argv[], int out, int err, int report)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	dup2(report, REPORT_FD);
	if (chdir("/tmp") == 0)
		execv(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/*
 * Moves a descriptor above the four that mean something to the child, so that become()'s dup2()
 * never overwrites one that it still needs.
 */
static int high(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10);

	close(fd);
	return moved;
}

/*
 * Forks the program. The agent keeps the reading ends and a pidfd, which poll() can wait for. It
 * gives up by abort() when the kernel has no more descriptors or processes: no test can run then.
 */
static void start(struct child *c, const char *const argv[])
{
	int out[2], err[2], report[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report))
		abort();
	out[1] = high(out[1]);
	err[1] = high(err[1]);
	report[1] = high(report[1]);
	c->pid = fork();
	if (c->pid < 0)
		abort();
	if (c->pid == 0)
		become(argv, out[1], err[1], report[1]);
	close(out[1]);
	close(err[1]);
	close(report[1]);
	c->out = out[0];
	c->err = err[0];
	c->report = report[0];
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
}

/* ---- what it says ---- */

/*
 * Gathers bytes of the report channel into lines and hands each whole line to the hook. False: a
 * line is longer than CHILD_LINE_MAX.
 */
static bool take_report(struct child *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (c->have == CHILD_LINE_MAX)
				return false;
			c->line[c->have++] = bytes[i];
			continue;
		}
		c->line[c->have] = 0;
		c->have = 0;
		c->hooks->line(c->ctx, c, c->line);
	}
	return true;
}

/* The other end is closed. A last line of the report channel counts without its newline. */
static void end_of(struct child *c, int *fd)
{
	if (fd == &c->report && c->have)
		take_report(c, "\n", 1);
	close(*fd);
	*fd = -1;
}

/*
 * Reads what is there, without waiting for more, and closes the descriptor at its end. False: a
 * report line is too long.
 */
static bool take(struct child *c, int *fd)
{
	char bytes[4096];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		end_of(c, fd);
		return true;
	}
	c->silent_ms = 0;
	if (fd == &c->report)
		return take_report(c, bytes, (size_t)n);
	c->hooks->output(c->ctx, fd == &c->out ? 1 : 2, bytes, (size_t)n);
	return true;
}

/*
 * Hands on what the program says, until it has ended. A process that it started may still hold the
 * pipes then, so the pidfd decides, not the end of the pipes.
 */
static enum child_end listen_to(struct child *c)
{
	int *const fds[] = {&c->out, &c->err, &c->report};
	struct pollfd p[ARRAY_LEN(fds) + 1];
	uint64_t before;

	for (;;) {
		before = now_ms();
		for (size_t i = 0; i < ARRAY_LEN(fds); i++)
			p[i] = (struct pollfd){.fd = *fds[i], .events = POLLIN};
		p[ARRAY_LEN(fds)] = (struct pollfd){.fd = c->pidfd, .events = POLLIN};
		poll(p, ARRAY_LEN(p), POLL_MS);
		agent_alive();
		c->silent_ms += (unsigned)MIN(now_ms() - before, (uint64_t)TURN_MS);
		for (size_t i = 0; i < ARRAY_LEN(fds); i++)
			if (p[i].revents && !take(c, fds[i]))
				return CHILD_LINE;
		if (agent_is_asked())
			return CHILD_ASKED;
		if (p[ARRAY_LEN(fds)].revents)
			return CHILD_ENDED;
		if (c->limit && c->silent_ms > c->limit * 1000ull)
			return CHILD_SILENT;
	}
}

/* ---- end ---- */

/*
 * A test may have left processes behind. Kills every process but the kernel's and this one, which
 * is PID 1.
 */
static void kill_all(struct child *c)
{
	int status;
	pid_t pid;

	kill(-1, SIGKILL);
	while ((pid = waitpid(-1, &status, 0)) > 0 || (pid < 0 && errno == EINTR))
		if (pid == c->pid)
			c->status = status;
	close(c->pidfd);
}

/* All writers are dead, so each descriptor comes to its end and this does not wait. */
static bool drain(struct child *c)
{
	int *const fds[] = {&c->out, &c->err, &c->report};
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		while (*fds[i] >= 0)
			ok &= take(c, fds[i]);
	return ok;
}

enum child_end child_run(struct child *c, const char *const argv[])
{
	enum child_end end;

	c->have = 0;
	c->silent_ms = 0;
	start(c, argv);
	end = listen_to(c);
	/* Its own status first: SIGKILL must not overtake a program that is about to exit. */
	if (end == CHILD_ENDED)
		waitpid(c->pid, &c->status, 0);
	/* The console drops what it still holds when a shell that it belongs to dies. */
	if (end == CHILD_ASKED)
		agent_drain_console();
	kill_all(c);
	if (!drain(c) && end == CHILD_ENDED)
		end = CHILD_LINE;
	agent_leave_if_asked();
	return end;
}

void child_answer(struct child *c, const char *text)
{
	if (c->report >= 0) {
		send(c->report, text, strlen(text), MSG_NOSIGNAL);
		send(c->report, "\n", 1, MSG_NOSIGNAL);
	}
}
