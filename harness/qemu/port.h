/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The harness's end of the test-control port: two FIFOs in the boot's folder, which QEMU's chardev
 * "pipe" opens. Not a socket: a UART hands over single bytes, of which a socket's buffer holds some
 * 280 and a pipe's 64 Ki, and QEMU drops what a guest sends while the buffer is full.
 */
#include "lib/control_frame.h"
#include "harness/core/util.h"

/* Reads of one turn: some ms of work even where all of it is noise made to cost much. */
#define PORT_READS 16

struct port {
	char *path; /* QEMU's name for it: PATH.in is what the target reads, PATH.out what it wrote
		     */
	int rx_fd, tx_fd; /* tx_fd -1: the target hears nothing */
	uint32_t seq;
	struct control_decoder in;
	uint8_t rx[4096];
	size_t rx_have, rx_used;
	unsigned reads; /* left in this turn */
	uint64_t bytes; /* received */
};

/* False with errno set. path: without .in and .out. Fine to close in any state but zeroed memory.
 */
bool port_open(struct port *p, const char *path);
/* The same for a target that only speaks: PATH.out is a file, which QEMU makes longer. */
bool port_open_file(struct port *p, const char *path);
void port_close(struct port *p); /* and removes the FIFOs, or the file */
/* A target may send faster than anybody reads, and for ever. So whoever has more to look at begins
 * a turn, in which port_receive() comes to an end; all: up to the end of what is there, for a
 * target that is gone. */
void port_turn(struct port *p, bool all);
/* The next whole frame of this turn that is here already; never waits. */
bool port_receive(struct port *p, struct control_frame *f);
/* Never waits: what a target does not take is lost, and shows up as its silence. */
void port_send(struct port *p, uint8_t type, const char *text);
/* One FIFO of a port, PATH.END, made anew, for both directions, with room for so many bytes (0:
 * what Linux gives); -1 with errno set. And its end: a descriptor of -1, and a FIFO that was never
 * made, are fine. */
int port_fifo_open(const char *path, const char *end, int bytes);
void port_fifo_close(const char *path, const char *end, int fd);
/* "HELLO", "RUN" ...; "?" for what abi/control.h does not have. */
const char *port_frame_name(uint8_t type);
