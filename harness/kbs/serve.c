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

/* All of one server's, which stands until the last of them has ended. */
struct clients {
	const struct kbs *k;
	sem_t places;
	pthread_mutex_t mutex;
	int fd[CLIENTS_MAX]; /* -1: the place is free */
};

struct task {
	struct clients *all;
	unsigned place;
};

static void leave(struct clients *all, unsigned place)
{
	pthread_mutex_lock(&all->mutex);
	close(all->fd[place]);
	all->fd[place] = -1;
	pthread_mutex_unlock(&all->mutex);
	sem_post(&all->places);
}

static void *run(void *arg)
{
	struct task *t = arg;

	kbs_converse(t->all->k, t->all->fd[t->place]);
	leave(t->all, t->place);
	free(t);
	return NULL;
}

/* There is a place. */
static unsigned enter(struct clients *all, int fd)
{
	unsigned place = 0;

	pthread_mutex_lock(&all->mutex);
	while (all->fd[place] >= 0)
		place++;
	all->fd[place] = fd;
	pthread_mutex_unlock(&all->mutex);
	return place;
}

static void serve_one(struct clients *all, int fd)
{
	struct task *t = mem_alloc(sizeof(*t));
	pthread_t thread;

	*t = (struct task){all, enter(all, fd)};
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

/* Nobody waits for a client any more: each one's next read or write ends. */
static void hang_up(struct clients *all)
{
	pthread_mutex_lock(&all->mutex);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (all->fd[i] >= 0)
			shutdown(all->fd[i], SHUT_RDWR);
	pthread_mutex_unlock(&all->mutex);
}

static void wait_for_all(struct clients *all)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		while (sem_wait(&all->places) != 0)
			;
	pthread_mutex_destroy(&all->mutex);
	sem_destroy(&all->places);
}

static void serve(struct clients *all, int listener, unsigned clients)
{
	for (unsigned n = 0; !clients || n < clients; n++) {
		int fd = next_client(listener, &all->places);

		if (fd < 0)
			break;
		serve_one(all, fd);
	}
	if (signals_taken())
		hang_up(all);
	wait_for_all(all);
}

int kbs_serve(const struct kbs *k, const char *socket, unsigned clients)
{
	struct clients all = {.k = k, .mutex = PTHREAD_MUTEX_INITIALIZER};
	int listener = listen_on(socket);

	if (listener < 0)
		return CODE_HOST;
	sem_init(&all.places, 0, CLIENTS_MAX);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		all.fd[i] = -1;
	printf("kbs: listening on %s\n", socket);
	fflush(stdout);
	serve(&all, listener, clients);
	close(listener);
	unlink(socket);
	return signals_taken() ? CODE_SIGNAL + signals_taken() : CODE_PASSED;
}
