/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The server's socket is read when the SVSM asks for an answer, which it does again and again, so
 * nothing here has to wait. Neither side is trusted: what is longer than a message may be, or comes
 * out of turn, ends the conversation.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/host/key_release.h"
#include "harness/channel/forward.h"
#include "harness/core/util.h"

struct framed {
	uint64_t length;
	uint8_t bytes[RELEASE_MESSAGE_MAX];
} PACKED;

struct forward {
	char *socket;
	int fd;          /* -1: no connection */
	uint32_t number; /* of the message */
	bool sent, told_why;
	uint32_t total, out_have; /* out_have never exceeds total */
	size_t in_have;           /* with the length in front */
	struct framed out, in;
};

struct forward *forward_new(const char *socket)
{
	struct forward *f = mem_alloc(sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->socket = str_dup(socket);
	f->fd = -1;
	return f;
}

static void hang_up(struct forward *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void forward_free(struct forward *f)
{
	if (!f)
		return;
	hang_up(f);
	free(f->socket);
	free(f);
}

/* Once a run: the SVSM may try again, and its log has the rest. */
static uint16_t failed(struct forward *f, const char *why)
{
	if (!f->told_why)
		problem("--keys %s: %s", f->socket, why);
	f->told_why = true;
	hang_up(f);
	return CHANNEL_FAILED;
}

/* A first message is a conversation's, and a conversation a connection's. */
static bool connect_to(struct forward *f)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	hang_up(f);
	if (strlen(f->socket) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(a.sun_path, f->socket, strlen(f->socket));
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return f->fd >= 0 && connect(f->fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

/* The socket has room for a message: its buffer is larger than that, and empty between messages. */
static uint16_t send_message(struct forward *f)
{
	size_t n = sizeof(f->out.length) + f->out_have;

	if (f->number == 1 && !connect_to(f))
		return failed(f, strerror(errno));
	f->out.length = f->out_have;
	f->in_have = 0;
	f->sent = true;
	if (f->fd < 0 || send(f->fd, &f->out, n, MSG_NOSIGNAL) != (ssize_t)n)
		return failed(f, "the server has gone");
	return CHANNEL_OK;
}

uint16_t forward_tell(struct forward *f, const struct channel_part *part, const void *bytes,
		      uint32_t n)
{
	if (!part->offset) {
		f->number = part->number;
		f->total = part->total;
		f->out_have = 0;
		f->sent = false;
	}
	/* What the first part has said of the length holds for all, and there is room for it. */
	if (f->total > RELEASE_MESSAGE_MAX || part->number != f->number ||
	    part->total != f->total || f->sent || part->offset != f->out_have || !n ||
	    n > f->total - f->out_have)
		return CHANNEL_REFUSED;
	memcpy(f->out.bytes + f->out_have, bytes, n);
	f->out_have += n;
	return f->out_have == f->total ? send_message(f) : CHANNEL_OK;
}

/* Takes what is there, up to the end of `want` bytes. */
static bool take(struct forward *f, size_t want)
{
	ssize_t n = 0;

	while (f->in_have < want &&
	       (n = recv(f->fd, (uint8_t *)&f->in + f->in_have, want - f->in_have, 0)) > 0)
		f->in_have += (size_t)n;
	return f->in_have == want || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* OK: all of it is there. */
static uint16_t receive(struct forward *f)
{
	size_t head = sizeof(f->in.length);
	bool ok = f->fd >= 0 && (f->in_have >= head || take(f, head));

	if (ok && f->in_have < head)
		return CHANNEL_LATER;
	if (ok && (!f->in.length || f->in.length > sizeof(f->in.bytes)))
		return failed(f, "the server's answer is empty, or longer than an answer may be");
	if (!ok || !take(f, head + f->in.length))
		return failed(f, "the server has ended the conversation");
	return f->in_have == head + f->in.length ? CHANNEL_OK : CHANNEL_LATER;
}

uint16_t forward_hear(struct forward *f, struct channel_part *part, void *to, uint32_t *n)
{
	uint16_t status;

	if (!f->sent || part->number != f->number)
		return CHANNEL_REFUSED;
	status = receive(f);
	if (status != CHANNEL_OK)
		return status;
	if (part->offset >= f->in.length)
		return CHANNEL_REFUSED;
	part->total = (uint32_t)f->in.length;
	*n = MIN(part->total - part->offset, CHANNEL_DATA_MAX);
	memcpy(to, f->in.bytes + part->offset, *n);
	return CHANNEL_OK;
}
