/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Frames to and from the harness. One thread owns the port; tests that fork report from the parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "abi/control.h"
#include "agent/agent.h"
#include "agent/external.h"
#include "lib/control_frame.h"

extern const struct agent_test *const __start_agent_tests[];
extern const struct agent_test *const __stop_agent_tests[];

static struct {
	int fd;
	uint32_t seq;
	struct control_decoder in;
	unsigned failures;
	bool skipped;
	char reason[256];
} port;

static NORETURN void power_off(const char *why)
{
	printf("keelson: %s, powering off\n", why);
	fflush(stdout);
	tcdrain(port.fd);
	reboot(RB_POWER_OFF);
	_exit(1); /* PID 1 may not leave: the kernel panics, and the harness sees it */
}

static void send_bytes(uint8_t type, const char *text, size_t length)
{
	uint8_t frame[CONTROL_FRAME_MAX];
	size_t n = control_frame_encode(frame, sizeof(frame), type, port.seq++, text, length);

	for (size_t done = 0; done < n;) {
		ssize_t put = write(port.fd, frame + done, n - done);

		if (put < 0 && errno != EINTR)
			power_off("the control port failed");
		done += put > 0 ? (size_t)put : 0;
	}
}

void agent_send(uint8_t type, const char *fmt, ...)
{
	char text[CONTROL_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	send_bytes(type, text, MIN((size_t)n, sizeof(text) - 1));
}

#define FORMAT(buf, fmt)                                                                           \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, fmt);                                                                \
		vsnprintf(buf, sizeof(buf), fmt, ap_);                                             \
		va_end(ap_);                                                                       \
	} while (0)

void agent_fail(const char *where, const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	agent_send(CONTROL_FAILURE, "%s\t%s", where, text);
	if (port.failures++ == 0)
		snprintf(port.reason, sizeof(port.reason), "%.255s", text);
}

void agent_skip(const char *fmt, ...)
{
	FORMAT(port.reason, fmt);
	port.skipped = true;
}

void agent_info(const char *key, const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	agent_send(CONTROL_INFO, "%s\t%s", key, text);
}

void agent_log(const char *fmt, ...)
{
	char text[800];

	FORMAT(text, fmt);
	agent_send(CONTROL_LOG, "%s", text);
}

void agent_open_port(const char *path)
{
	struct termios t;

	port.fd = open(path, O_RDWR | O_NOCTTY);
	if (port.fd < 0) {
		printf("keelson: no control port %s: %s\n", path, strerror(errno));
		power_off("nothing to do");
	}
	tcgetattr(port.fd, &t);
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	tcsetattr(port.fd, TCSANOW, &t);
	control_decoder_init(&port.in);
}

static void next_frame(struct control_frame *f)
{
	static uint8_t buf[256];
	static size_t have, used;

	for (;;) {
		if (control_decoder_again(&port.in, f))
			return;
		while (used < have)
			if (control_decoder_push(&port.in, buf[used++], f))
				return;
		ssize_t n = read(port.fd, buf, sizeof(buf));

		if (n < 0 && errno != EINTR)
			power_off("the control port failed");
		have = n > 0 ? (size_t)n : 0;
		used = 0;
	}
}

unsigned agent_failures(void)
{
	return port.failures;
}

bool agent_host(const char *request, char *answer, size_t size)
{
	struct control_frame f;

	agent_send(CONTROL_HOST, "%s", request);
	do
		next_frame(&f);
	while (f.type != CONTROL_HOST_REPLY);
	snprintf(answer, size, "%s", f.payload);
	return strncmp(answer, "error", 5) != 0;
}

static unsigned list_own(bool last)
{
	const struct agent_test *const *t;
	unsigned n = 0;

	for (t = __start_agent_tests; t < __stop_agent_tests; t++) {
		if ((*t)->last != last)
			continue;
		agent_send(CONTROL_TEST, "%s\t%s", (*t)->name, (*t)->shows);
		n++;
	}
	return n;
}

static void list(void)
{
	unsigned n = external_own_wanted() ? list_own(false) + list_own(true) : 0;

	agent_send(CONTROL_LIST_END, "%u", n + external_list());
}

static const struct agent_test *find(const char *name)
{
	const struct agent_test *const *t;

	for (t = __start_agent_tests; t < __stop_agent_tests; t++)
		if (!strcmp((*t)->name, name))
			return *t;
	return NULL;
}

static void run(const char *name)
{
	const struct agent_test *t = external_own_wanted() ? find(name) : NULL;

	port.failures = 0;
	port.skipped = false;
	port.reason[0] = 0;
	agent_send(CONTROL_START, "%s", name);
	if (t)
		t->run();
	else if (!external_run(name))
		agent_fail(AGENT_HERE, "no test of that name");
	agent_send(CONTROL_VERDICT, "%s\t%s\t%s", name,
		   port.failures  ? "fail"
		   : port.skipped ? "skip"
				  : "pass",
		   port.reason);
	agent_send(CONTROL_END, "%s", name);
}

void agent_serve(void)
{
	struct control_frame f;

	agent_send(CONTROL_HELLO, "linux\t1");
	for (;;) {
		next_frame(&f);
		if (f.type == CONTROL_LIST)
			list();
		else if (f.type == CONTROL_RUN)
			run(f.payload);
		else if (f.type == CONTROL_EXEC)
			exec_command(f.payload);
		else if (f.type == CONTROL_BYE)
			break;
	}
	agent_send(CONTROL_BYE_ACK, "%s", "");
	power_off("all done");
}
