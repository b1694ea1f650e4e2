/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson run --shell: the guest's serial console in the user's terminal, or fed by a script.
 * The event loop calls terminal_pump() often; nothing here waits for the guest, because the
 * harness must go on watching it.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "harness/core/output.h"
#include "harness/core/signals.h"
#include "harness/qemu/terminal.h"

#define LEAVE 0x1d /* Ctrl-], as telnet has it */
/* For a script's end: its last line, Ctrl-D for whoever reads, words for a shell that missed that.
 */
#define END_OF_FILE "\n\004exit\n"

static struct termios saved;
static bool changed;

/* At exit too, so that an error in the middle does not leave a terminal without echo. */
static void restore(void)
{
	if (changed)
		tcsetattr(0, TCSADRAIN, &saved);
	changed = false;
}

/* Ctrl-C and the like go to the guest; Ctrl-] alone stays with us. */
static void make_raw(void)
{
	struct termios raw;

	if (tcgetattr(0, &saved) != 0)
		return; /* not a terminal: a script feeds us */
	raw = saved;
	cfmakeraw(&raw);
	changed = true;
	atexit(restore);
	tcsetattr(0, TCSADRAIN, &raw);
}

/* False leaves what was made already: terminal_close() removes it. */
bool terminal_open(struct terminal *t, const char *folder)
{
	char *path = str("%s/console", folder);
	bool ok;

	*t = (struct terminal){.input = true};
	ok = port_open(&t->console, path);
	free(path);
	return ok;
}

void terminal_on(struct terminal *t)
{
	t->on = true;
	make_raw();
}

/*
 * Waits for a slow reader of stdout, because nothing of what the guest said may be dropped.
 * Towards the guest from_user() calls it only where there is room, so the guest cannot hold it
 * up.
 */
static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t put = write(fd, bytes, n);

		if (put < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			poll(&p, 1, 1000);
		} else if (put < 0 && errno != EINTR) {
			return false;
		}
		bytes += put > 0 ? put : 0;
		n -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* What the guest says before the shell starts is in console.log and is not shown. It may talk for
 * ever, or faster than the terminal is read: who wants to leave must be heard in between. */
static void from_guest(struct terminal *t)
{
	char bytes[4096];
	ssize_t n;

	for (unsigned i = 0; i < PORT_READS; i++) {
		if (t->on && !signals_or_room(1))
			return;
		n = read(t->console.rx_fd, bytes, sizeof(bytes));
		if (n <= 0)
			return;
		if (t->on && !write_all(1, bytes, (size_t)n))
			output_lost("stdout", errno);
	}
}

/* A FIFO that says so takes as much as from_user() writes, without waiting. */
static bool room(const struct terminal *t)
{
	struct pollfd p = {.fd = t->console.tx_fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1;
}

/* What a script has to say waits for the guest; a person may want to leave one that is deaf. */
static bool wanted(const struct terminal *t)
{
	return t->on && t->input && (changed || room(t));
}

/* Little at a time: the guest's UART takes some hundred bytes before its reader must be awake. */
static void from_user(struct terminal *t)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	char bytes[64], *leave;
	ssize_t n;

	if (!wanted(t) || poll(&p, 1, 0) != 1)
		return;
	n = read(0, bytes, sizeof(bytes));
	if (n <= 0) {
		t->input = false;
		n = sizeof(END_OF_FILE) - 1;
		memcpy(bytes, END_OF_FILE, (size_t)n);
	}
	leave = changed ? memchr(bytes, LEAVE, (size_t)n) : NULL;
	if (leave)
		t->left = true;
	else if (room(t))
		write_all(t->console.tx_fd, bytes, (size_t)n);
}

/* The guest's output first: it may be the reason why the user types. */
void terminal_pump(struct terminal *t)
{
	from_guest(t);
	from_user(t);
}

void terminal_off(struct terminal *t)
{
	if (t->on)
		terminal_pump(t); /* its last words */
	t->on = false;
	restore();
}

void terminal_close(struct terminal *t)
{
	terminal_off(t);
	port_close(&t->console);
}

size_t terminal_poll(const struct terminal *t, struct pollfd *p)
{
	size_t n = 0;

	p[n++] = (struct pollfd){.fd = t->console.rx_fd, .events = POLLIN};
	if (wanted(t))
		p[n++] = (struct pollfd){.fd = 0, .events = POLLIN};
	return n;
}

/* $TERM goes into a shell's command line: letters, digits, '-' and '_' only. */
static const char *kind(void)
{
	const char *term = getenv("TERM");

	if (!term || !*term || strlen(term) > 40 ||
	    strspn(term, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") !=
		    strlen(term))
		return "vt100";
	return term;
}

char *terminal_shell(void)
{
	struct winsize w = {.ws_row = 24, .ws_col = 80};

	ioctl(1, TIOCGWINSZ, &w);
	/*
	 * A session leader's first terminal becomes its controlling one, and is hung up when it
	 * ends: Linux drops then what the UART has not sent. So the leader outlives the user's
	 * shell, and stty, which waits for the output before it changes a thing.
	 */
	return str("exec >/dev/ttyS0 2>&1 </dev/ttyS0; stty sane rows %u cols %u; "
		   "TERM=%s sh -l; stty sane",
		   w.ws_row ? w.ws_row : 24, w.ws_col ? w.ws_col : 80, kind());
}
