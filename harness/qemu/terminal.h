/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The guest's console in the user's terminal (`keelson run --shell`): two FIFOs that QEMU's chardev
 * "pipe" opens, stdin and stdout on this side. While it is on, a terminal passes every key to the
 * guest; it is restored in any case when the program ends.
 */
#include "harness/qemu/port.h"

struct terminal {
	struct port console;
	bool on;    /* stdin and stdout are the guest's */
	bool input; /* stdin has not ended */
	bool left;  /* Ctrl-] was pressed */
};

/* False with errno set. folder: where the FIFOs go. */
bool terminal_open(struct terminal *t, const char *folder);
void terminal_on(struct terminal *t);
/* Moves what is there, both ways; never waits. What comes while it is off is dropped. */
void terminal_pump(struct terminal *t);
/* Descriptors to wait for, at most TERMINAL_POLL; how many. */
#define TERMINAL_POLL 2
struct pollfd;
size_t terminal_poll(const struct terminal *t, struct pollfd *p);
/* The terminal is the user's again. */
void terminal_off(struct terminal *t);
/* Removes the FIFOs too. Fine in any state, zeroed memory included. */
void terminal_close(struct terminal *t);
/* The command line that gives the guest's console to a shell of this terminal's kind and size. */
char *terminal_shell(void);
