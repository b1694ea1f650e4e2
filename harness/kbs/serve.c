/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Clients side by side, each in a thread, so that one that is slow or silent holds nobody. At most
 * CLIENTS_MAX; the next one waits in the socket's queue.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/signals.h"
#include "harness/core/util.h"
#include "harness/kbs/kbs.h"

#define CLIENTS_MAX 16
#define QUEUE       64

struct task {
	const struct kbs *k;
	sem_t *places;
	int fd;
};

static void *run(void *arg)
{
	struct task *t = arg;

	kbs_converse(t->k, t->fd);
	sem_post(t->places);
	free(t);
	return NULL;
}

static void serve_one(const struct kbs *k, sem_t *places, int fd)
{
	struct task *t = mem_alloc(sizeof(*t));
	pthread_t thread;

	*t = (struct task){k, places, fd};
	if (pthread_create(&thread, NULL, run, t) == 0)
		pthread_detach(thread);
	else
		run(t);
}

/* Whoever may write to the socket may ask: its owner alone. */
static int listen_on(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = -1;

	errno = ENAMETOOLONG;
	if (strlen(path) < sizeof(a.sun_path)) {
		memcpy(a.sun_path, path, strlen(path));
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && chmod(path, 0600) == 0 &&
	    listen(fd, QUEUE) == 0)
		return fd;
	problem("kbs: %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A client, or a signal: -1. Nobody is taken before there is a place. */
static int next_client(int listener, sem_t *places)
{
	struct pollfd p[] = {{.fd = signals_fd(), .events = POLLIN},
			     {.fd = listener, .events = POLLIN}};

	for (;;) {
		bool place = sem_trywait(places) == 0;
		int fd = -1;

		poll(p, place ? 2 : 1, place ? -1 : 100);
		if (place && p[1].revents && !p[0].revents)
			fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (place)
			sem_post(places);
		if (p[0].revents)
			return -1;
	}
}

static void wait_for_all(sem_t *places)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		while (sem_wait(places) != 0)
			;
}

int kbs_serve(const struct kbs *k, const char *socket, unsigned clients)
{
	int listener = listen_on(socket);
	sem_t places;

	if (listener < 0)
		return CODE_HOST;
	sem_init(&places, 0, CLIENTS_MAX);
	printf("kbs: listening on %s\n", socket);
	fflush(stdout);
	for (unsigned n = 0; !clients || n < clients; n++) {
		int fd = next_client(listener, &places);

		if (fd < 0)
			break;
		serve_one(k, &places, fd);
	}
	close(listener);
	unlink(socket);
	if (signals_taken())
		return CODE_SIGNAL + signals_taken();
	wait_for_all(&places);
	sem_destroy(&places);
	return CODE_PASSED;
}
