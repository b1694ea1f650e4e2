/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The signals that end a run. They are blocked and read from a descriptor, so the event loop
 * sees them between two steps and no handler interrupts one. A run thus ends in one way only:
 * QEMU is killed, the logs are read to their ends, and the run folder is complete.
 */
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "harness/core/signals.h"

static int fd = -1, taken;
static void (*xfsz_before)(int) = SIG_DFL;

/* The signals that a terminal or an init system sends to end a program. */
static void wanted(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

/*
 * SIGPIPE is ignored: a target that closes its end of a FIFO or of QMP's socket shows as a
 * failed write. So does a file that has come to the limit on its size, without SIGXFSZ.
 */
void signals_init(void)
{
	sigset_t set;

	wanted(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	xfsz_before = signal(SIGXFSZ, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_fd(void)
{
	return fd;
}

/*
 * Only the first signal counts: whoever presses Ctrl-C twice gets the same, orderly end.
 * Callers may ask again and again.
 */
int signals_taken(void)
{
	struct signalfd_siginfo info;

	while (fd >= 0 && read(fd, &info, sizeof(info)) == sizeof(info))
		if (!taken)
			taken = (int)info.ssi_signo;
	return taken;
}

bool signals_or_room(int to)
{
	struct pollfd p[] = {{.fd = to, .events = POLLOUT}, {.fd = fd, .events = POLLIN}};

	while (!signals_taken())
		if (poll(p, ARRAY_LEN(p), -1) > 0 && p[0].revents)
			return true;
	return false;
}

/* A blocked signal stays blocked across exec(): QEMU would be deaf to SIGTERM without this. */
void signals_restore(void)
{
	sigset_t set;

	wanted(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, xfsz_before);
}
