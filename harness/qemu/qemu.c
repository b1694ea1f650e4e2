/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Starts a program, QEMU or a tool, and makes sure that it goes: by a process group of its own,
 * a pidfd to wait on, and the parent-death signal for the case that the harness itself is
 * killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/qemu/qemu.h"
#include "harness/core/signals.h"

/*
 * Runs in the child between fork() and exec(). errno goes through a close-on-exec pipe: when
 * the exec works the parent reads nothing, else it knows why. The parent may have died before
 * prctl(), so it is looked at once more.
 */
static void become(const struct strlist *argv, const char *log, const int *keep, size_t n, int tell,
		   pid_t parent)
{
	int null = open("/dev/null", O_RDONLY), out, wrong;

	signals_restore();
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (null >= 0 && out >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
		for (size_t i = 0; i < n; i++)
			fcntl(keep[i], F_SETFD, 0);
		execvp(argv->v[0], argv->v);
	}
	wrong = errno;
	if (write(tell, &wrong, sizeof(wrong)) < 0)
		_exit(126);
	_exit(127);
}

/* The pipe tells whether the exec worked; then the process is there, though it may end at once. */
bool qemu_start(struct qemu *q, const struct strlist *argv, const char *log, const int *keep,
		size_t n, char **why)
{
	pid_t parent = getpid();
	int tell[2], wrong = 0;

	*q = (struct qemu){.pidfd = -1};
	if (pipe2(tell, O_CLOEXEC) < 0 || (q->pid = fork()) < 0) {
		q->pid = 0;
		*why = str("cannot start a process: %s", strerror(errno));
		return false;
	}
	if (q->pid == 0)
		become(argv, log, keep, n, tell[1], parent);
	close(tell[1]);
	if (read(tell[0], &wrong, sizeof(wrong)) == sizeof(wrong)) {
		waitpid(q->pid, NULL, 0);
		q->pid = 0;
		*why = str("%s cannot be started: %s", argv->v[0], strerror(wrong));
	}
	close(tell[0]);
	if (!q->pid)
		return false;
	q->pidfd = (int)syscall(SYS_pidfd_open, q->pid, 0);
	return true;
}

/* Collects the process once. After that its status stays and its pid means nothing. */
bool qemu_ended(struct qemu *q)
{
	if (q->pid && !q->over && waitpid(q->pid, &q->status, WNOHANG) == q->pid)
		q->over = true;
	return q->over;
}

/* SIGKILL, for the group too: QEMU has no state that would need saving. Waits until it is gone. */
void qemu_kill(struct qemu *q)
{
	if (q->pid && !qemu_ended(q)) {
		kill(-q->pid, SIGKILL);
		kill(q->pid, SIGKILL); /* its group may not exist yet */
		while (waitpid(q->pid, &q->status, 0) < 0 && errno == EINTR)
			;
		q->over = true;
	}
	if (q->pidfd >= 0)
		close(q->pidfd);
	q->pidfd = -1;
}
