/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/channel/answer.h"
#include "harness/channel/channel_file.h"
#include "harness/channel/channel_server.h"
#include "harness/core/util.h"
#include "harness/qemu/port.h"

/* A frame or two; more than Linux gives by itself. */
#define FIFO_BYTES (1 << 20)

struct channel_server {
	char *path;
	struct channel_host host;
	int in, out, stop; /* the FIFOs, and an eventfd */
	pthread_t thread;
	bool running;
	struct channel_decoder decoder;
	struct channel_head last; /* the request that was answered last */
	uint8_t answer[CHANNEL_FRAME_MAX];
	size_t answer_len;
};

/* Until fd is ready. False: the server is to stop. */
static bool wait_for(const struct channel_server *s, int fd, short events)
{
	struct pollfd p[] = {{.fd = s->stop, .events = POLLIN}, {.fd = fd, .events = events}};

	while (poll(p, ARRAY_LEN(p), -1) < 0 && errno == EINTR)
		;
	return !p[0].revents;
}

static bool put(const struct channel_server *s, const uint8_t *p, size_t n)
{
	while (n) {
		ssize_t done = write(s->in, p, n);

		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (done <= 0 && !wait_for(s, s->in, POLLOUT))
			return false;
		p += MAX(done, 0);
		n -= (size_t)MAX(done, 0);
	}
	return true;
}

/*
 * A request that comes again gets the same answer again. It is not done twice: who waits for a slow
 * disk asks each second, and would then wait for all that it has asked. What looks like that
 * request and is the guest's gets what the guest could read before.
 */
static bool answer(struct channel_server *s)
{
	size_t n;

	if (memcmp(&s->last, &s->decoder.head, sizeof(s->last)) == 0)
		return put(s, s->answer, s->answer_len);
	n = channel_answer(&s->host, &s->decoder, s->answer);
	if (!n)
		return true;
	s->answer_len = n;
	s->last = s->decoder.head;
	return put(s, s->answer, n);
}

static bool serve(struct channel_server *s, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (channel_decoder_push(&s->decoder, bytes[i]) && !answer(s))
			return false;
	return true;
}

static void *run(void *arg)
{
	struct channel_server *s = arg;
	uint8_t bytes[4096];
	ssize_t n = 0;

	do {
		n = read(s->out, bytes, sizeof(bytes));
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
	} while (n > 0 ? serve(s, bytes, (size_t)n) : wait_for(s, s->out, POLLIN));
	return NULL;
}

static bool open_all(struct channel_server *s)
{
	s->in = port_fifo_open(s->path, "in", FIFO_BYTES);
	s->out = port_fifo_open(s->path, "out", FIFO_BYTES);
	s->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->in >= 0 && s->out >= 0 && s->stop >= 0;
}

struct channel_server *channel_server_start(const char *path, const char *state, const char *keys,
					    char **why)
{
	struct channel_server *s = mem_alloc(sizeof(*s));
	char *objection = NULL;

	*s = (struct channel_server){

		.path = str_dup(path), .host = {.file = -1}, .in = -1, .out = -1, .stop = -1};
	channel_decoder_init(&s->decoder);
	s->host.file = channel_file_open(state, &objection);
	s->host.keys = keys ? forward_new(keys) : NULL;
	s->running = s->host.file >= 0 && open_all(s) &&
		     (errno = pthread_create(&s->thread, NULL, run, s)) == 0;
	if (s->running)
		return s;
	*why = objection ? str("--state %s: %s", state, objection)
			 : str("cannot make the channel's ports: %s", strerror(errno));
	free(objection);
	channel_server_stop(s);
	return NULL;
}

void channel_server_stop(struct channel_server *s)
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
	if (s->host.file >= 0)
		close(s->host.file);
	forward_free(s->host.keys);
	free(s->path);
	free(s);
}
