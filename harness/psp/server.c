/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/psp/chain.h"
#include "harness/psp/launched.h"
#include "harness/psp/server.h"
#include "harness/psp/vmm.h"
#include "harness/qemu/port.h"

#define SLOW_MS 2000

struct psp_server {
	char *path;
	const char *igvm;
	const struct psp_config *config;
	int in, out, stop; /* the FIFOs, and an eventfd */
	pthread_t thread;
	bool running;
	bool ready, unable; /* chain and digest are there; cannot be had */
	struct psp_chain *chain;
	struct psp psp;
	struct vmm vmm;
};

/* ---- bytes; false: the server is to stop ---- */

/* Waits until fd is ready, ms at most; -1: for ever. */
static bool wait_for(const struct psp_server *s, int fd, short events, int ms)
{
	struct pollfd p[] = {{.fd = s->stop, .events = POLLIN}, {.fd = fd, .events = events}};

	while (poll(p, ARRAY_LEN(p), ms) < 0 && errno == EINTR)
		;
	return !p[0].revents;
}

static bool get(const struct psp_server *s, void *to, size_t n)
{
	uint8_t *p = to;

	while (n) {
		ssize_t got = read(s->out, p, n);

		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (got <= 0 && !wait_for(s, s->out, POLLIN, -1))
			return false;
		p += MAX(got, 0);
		n -= (size_t)MAX(got, 0);
	}
	return true;
}

static bool put(const struct psp_server *s, const void *from, size_t n)
{
	const uint8_t *p = from;

	while (n) {
		ssize_t done = write(s->in, p, n);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (done <= 0 && !wait_for(s, s->in, POLLOUT, -1))
			return false;
		p += MAX(done, 0);
		n -= (size_t)MAX(done, 0);
	}
	return true;
}

/* ---- requests ---- */

/* What the first request needs. False: there is none to be had, and a line has said why. */
static bool prepare(struct psp_server *s)
{
	char *folder, *why = NULL;

	if (s->ready || s->unable)
		return s->ready;
	folder = chain_folder();
	s->chain = chain_open(folder, s->config, &why);
	s->psp.chain = s->chain;
	s->ready = s->chain && launched(s->igvm, s->config, &s->psp.guest) &&
		   vmm_init(&s->vmm, &s->psp);
	s->unable = !s->ready;
	if (s->unable)
		problem("security processor: %s", why ? why : "no launch digest, or no room");
	free(why);
	free(folder);
	return s->ready;
}

static void answer(struct psp_server *s, const struct psp_link_request *q,
		   const struct guest_message *request, struct guest_message *response,
		   struct psp_link_reply *r)
{
	if (s->ready)
		vmm_serve(&s->vmm, q, request, response, r);
	else
		*r = (struct psp_link_reply){.info2 = VMM_ERROR_GENERIC};
	r->magic = PSP_LINK_REPLY;
	r->id = q->id;
}

/* One request. False: the end, or a machine that does not keep to the form. */
static bool serve(struct psp_server *s)
{
	struct guest_message request = {0}, response = {0};
	struct psp_link_request q;
	struct psp_link_reply r;

	if (!get(s, &q, sizeof(q)) || q.magic != PSP_LINK_REQUEST || q.size > sizeof(request) ||
	    !get(s, &request, q.size))
		return false;
	if (prepare(s) && vmm_is_slow(&s->vmm) && !wait_for(s, -1, 0, SLOW_MS))
		return false;
	answer(s, &q, &request, &response, &r);
	return put(s, &r, sizeof(r)) && put(s, &response, r.size) && put(s, s->vmm.table, r.table);
}

static void *run(void *arg)
{
	while (serve(arg))
		;
	return NULL;
}

/* ---- beginning and end ---- */

/* The pipe has room for them, and its other end is closed: QEMU finds them, and then the end. */
static bool write_keys(const struct psp_server *s, int *keys)
{
	int fd[2];
	bool ok;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return false;
	ok = write(fd[1], s->psp.guest.vmpck, MACHINE_PSP_KEYS) == MACHINE_PSP_KEYS;
	close(fd[1]);
	*keys = fd[0];
	return ok;
}

static bool open_all(struct psp_server *s, int *keys)
{
	s->in = port_fifo_open(s->path, "in");
	s->out = port_fifo_open(s->path, "out");
	s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->in >= 0 && s->out >= 0 && s->stop >= 0 && psp_guest_init(&s->psp.guest) &&
	       write_keys(s, keys);
}

struct psp_server *psp_server_start(const char *path, const char *igvm,
				    const struct psp_config *config, int *keys)
{
	struct psp_server *s = mem_alloc(sizeof(*s));

	*s = (struct psp_server){.path = str_dup(path),
				 .igvm = igvm,
				 .config = config,
				 .in = -1,
				 .out = -1,
				 .stop = -1};
	s->psp.config = config;
	*keys = -1;
	s->running = open_all(s, keys) && (errno = pthread_create(&s->thread, NULL, run, s)) == 0;
	if (s->running)
		return s;
	if (*keys >= 0)
		close(*keys);
	*keys = -1;
	psp_server_stop(s);
	return NULL;
}

void psp_server_stop(struct psp_server *s)
{
	if (!s)
		return;
	if (s->running) {
		eventfd_write(s->stop, 1);
		pthread_join(s->thread, NULL);
	}
	port_fifo_close(s->path, "in", s->in);
	port_fifo_close(s->path, "out", s->out);
	if (s->stop >= 0)
		close(s->stop);
	chain_close(s->chain);
	free(s->path);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}
