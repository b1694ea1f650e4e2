/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The test-control port's host side: two FIFOs and the frames on them. Both FIFOs are opened
 * for reading and writing, so that opening does not wait for QEMU, and QEMU's end of the FIFO
 * does not look like the end of the data.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/qemu/port.h"

#define FIFO_SIZE (1 << 20) /* as much as an ordinary user may ask for; 64 Ki is what one has */

/*
 * A larger pipe lets the guest go on when the harness is late; where that is not allowed the
 * usual size does.
 */
int port_fifo_open(const char *path, const char *end, int bytes)
{
	char *name = str("%s.%s", path, end);
	int fd = -1;

	unlink(name);
	if (mkfifo(name, 0600) == 0)
		fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && bytes)
		fcntl(fd, F_SETPIPE_SZ, bytes);
	free(name);
	return fd;
}

bool port_open(struct port *p, const char *path)
{
	memset(p, 0, sizeof(*p));
	control_decoder_init(&p->in);
	p->path = str_dup(path);
	p->tx_fd = port_fifo_open(path, "in", FIFO_SIZE);
	p->rx_fd = port_fifo_open(path, "out", FIFO_SIZE);
	return p->tx_fd >= 0 && p->rx_fd >= 0;
}

bool port_open_file(struct port *p, const char *path)
{
	char *name = str("%s.out", path);

	memset(p, 0, sizeof(*p));
	control_decoder_init(&p->in);
	p->path = str_dup(path);
	p->tx_fd = -1;
	p->rx_fd = open(name, O_RDONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	free(name);
	return p->rx_fd >= 0;
}

/* A FIFO that was never made is removed without complaint. */
void port_fifo_close(const char *path, const char *end, int fd)
{
	char *name = str("%s.%s", path, end);

	if (fd >= 0)
		close(fd);
	unlink(name);
	free(name);
}

void port_close(struct port *p)
{
	if (!p->path)
		return;
	port_fifo_close(p->path, "in", p->tx_fd);
	port_fifo_close(p->path, "out", p->rx_fd);
	free(p->path);
	p->path = NULL;
	p->tx_fd = p->rx_fd = -1;
}

void port_turn(struct port *p, bool all)
{
	p->reads = all ? UINT_MAX : PORT_READS;
}

/*
 * More bytes, if there are any. What a target sent just before it ended is still in the FIFO
 * afterwards.
 */
static bool fill(struct port *p)
{
	ssize_t n = p->reads ? read(p->rx_fd, p->rx, sizeof(p->rx)) : 0;

	p->reads -= p->reads && p->reads != UINT_MAX;
	p->rx_used = 0;
	p->rx_have = n > 0 ? (size_t)n : 0;
	p->bytes += p->rx_have;
	return n > 0;
}

/*
 * One read may hold several frames and a part of the next: the decoder is asked first for what
 * it has already.
 */
bool port_receive(struct port *p, struct control_frame *f)
{
	do {
		if (control_decoder_again(&p->in, f))
			return true;
		while (p->rx_used < p->rx_have)
			if (control_decoder_push(&p->in, p->rx[p->rx_used++], f))
				return true;
	} while (fill(p));
	return false;
}

/*
 * The FIFO is non-blocking. A target that is not listening must not stop the harness: what does
 * not fit is given up.
 */
void port_send(struct port *p, uint8_t type, const char *text)
{
	uint8_t out[CONTROL_FRAME_MAX];
	size_t length = MIN(strlen(text), (size_t)CONTROL_MAX), done = 0;
	size_t n = control_frame_encode(out, sizeof(out), type, p->seq++, text, length);

	while (p->tx_fd >= 0 && done < n) {
		ssize_t put = write(p->tx_fd, out + done, n - done);

		if (put < 0 && errno != EINTR)
			break;
		done += put > 0 ? (size_t)put : 0;
	}
}

/* For control.log, by frame type (abi/control.h). */
static const char *const names[] = {
	"?",    "HELLO",      "INFO",    "LOG",     "LIST",     "TEST",  "LIST_END",
	"RUN",  "START",      "FAILURE", "VERDICT", "END",      "BYE",   "BYE_ACK",
	"HOST", "HOST_REPLY", "EXEC",    "OUTPUT",  "EXEC_END", "ALIVE", "SELECT",
};

const char *port_frame_name(uint8_t type)
{
	return type < ARRAY_LEN(names) ? names[type] : "?";
}
