/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The control port of the guest: a stream of bytes, with frames in both directions. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/fwscript.h"
#include "agent/port.h"
#include "agent/vport.h"

#define SERIAL "/dev/ttyS1"

static struct {
	int fd;
	uint32_t seq;
	struct control_decoder in;
	struct script script; /* in place of the host's frames, where there is one */
} port = {.fd = -1};

void port_power_off(const char *why)
{
	printf("keelson: %s, powering off\n", why);
	agent_drain_console();
	if (port.fd >= 0)
		agent_drain(
			port.fd); /* where a script answers, nobody says that he has heard all */
	reboot(RB_POWER_OFF);
	_exit(1); /* PID 1 may not leave: the kernel panics, and the harness sees it */
}

/* A frame goes out whole or the guest ends: half a frame would spoil every later one. */
void port_send(uint8_t type, const char *text, size_t length)
{
	uint8_t frame[CONTROL_FRAME_MAX];
	size_t n = control_frame_encode(frame, sizeof(frame), type, port.seq++, text, length);

	for (size_t done = 0; done < n;) {
		ssize_t put = write(port.fd, frame + done, n - done);

		if (put < 0 && errno != EINTR)
			port_power_off("the control port failed");
		done += put > 0 ? (size_t)put : 0;
	}
}

/* COM2, raw. -1: there is none. */
static int open_serial(void)
{
	int fd = open(SERIAL, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0)
		return -1;
	tcgetattr(fd, &t);
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

/*
 * Each byte of the serial line costs exits, and a CPU that serves it does nothing else meanwhile:
 * it is for kernels that have no better way, and for runs with a script, since when QEMU has taken
 * what lies in a virtio ring is the host's time.
 */
void port_open(void)
{
	if (!fwscript_find(&port.script))
		port_power_off("no script in fw_cfg");
	port.fd = port.script.text ? -1 : vport_open(CONTROL_VPORT);
	if (port.fd < 0)
		port.fd = open_serial();
	if (port.fd < 0) {
		printf("keelson: no control port: %s: %s\n", SERIAL, strerror(errno));
		port_power_off("nothing to do");
	}
	control_decoder_init(&port.in);
}

/*
 * Waits for the next whole frame. The decoder keeps what is left of a read, and skips what is no
 * frame.
 */
void port_next(struct control_frame *f)
{
	static uint8_t buf[CONTROL_FRAME_MAX];
	static size_t have, used;

	if (port.script.text) {
		script_next(&port.script, f);
		return;
	}
	for (;;) {
		if (control_decoder_again(&port.in, f))
			return;
		while (used < have)
			if (control_decoder_push(&port.in, buf[used++], f))
				return;
		ssize_t n = read(port.fd, buf, sizeof(buf));

		if (n < 0 && errno != EINTR)
			port_power_off("the control port failed");
		have = n > 0 ? (size_t)n : 0;
		used = 0;
	}
}

bool port_answer(const char *request, char *answer, size_t size)
{
	if (!port.script.text)
		return false;
	if (!script_answer(&port.script, request, answer, size))
		agent_unanswered(request);
	return true;
}

bool port_has_script(void)
{
	return port.script.text;
}

void port_exec_failed(void)
{
	port.script.failed = true;
}
