/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "harness/core/signals.h"

static int fd = -1, taken;

static void wanted(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

void signals_init(void)
{
	sigset_t set;

	wanted(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_fd(void)
{
	return fd;
}

int signals_taken(void)
{
	struct signalfd_siginfo info;

	while (fd >= 0 && read(fd, &info, sizeof(info)) == sizeof(info))
		if (!taken)
			taken = (int)info.ssi_signo;
	return taken;
}

void signals_restore(void)
{
	sigset_t set;

	wanted(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
}
