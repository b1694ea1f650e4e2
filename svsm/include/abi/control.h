/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The test-control port: frames over a serial port of their own (COM2, 0x2f8, IRQ 3), or over a
 * virtio-serial port of a name of its own where the target is a Linux that has one. Little endian.
 * docs/test-control.md tells the conversation.
 */
#include "base/types.h"

#define CONTROL_MAGIC   0x4c52544bu /* "KTRL" */
#define CONTROL_VERSION 1
#define CONTROL_MAX     1024u /* payload bytes */
#define CONTROL_PORT    0x2f8
#define CONTROL_VPORT   "org.keelson.control" /* /sys/class/virtio-ports/.../name */

struct control_header {
	uint32_t magic;
	uint8_t version;
	uint8_t type;    /* enum control_type */
	uint16_t length; /* payload bytes, at most CONTROL_MAX */
	uint32_t seq;    /* counts up from 0 in each direction */
	uint32_t crc;    /* CRC-32 (IEEE) of the header with crc = 0, then the payload */
} PACKED;
ABI_SIZE(struct control_header, 16, "control frame header");

/* T: target to host; H: host to target. Payloads are UTF-8 text without NUL, fields split by '\t'.
 */
enum control_type {
	CONTROL_HELLO = 1, /* T  suite name '\t' version: sent once when the target is ready */
	CONTROL_INFO = 2,  /* T  key '\t' value: a fact for run.json (kernel, vmpl, ...) */
	CONTROL_LOG = 3,   /* T  a line for the run's log; counts as progress */
	CONTROL_LIST = 4,  /* H  asks for the tests */
	CONTROL_TEST = 5,  /* T  one test's name '\t' one line that says what it shows, and perhaps
			    *    '\t' the rules that it proves, split by blanks */
	CONTROL_LIST_END = 6, /* T  the number of tests listed, decimal */
	CONTROL_RUN = 7,      /* H  name of one test */
	CONTROL_START = 8,    /* T  name: the test has begun */
	CONTROL_FAILURE = 9,  /* T  one failed check: file:line '\t' expression and both values */
	CONTROL_VERDICT = 10, /* T  name '\t' pass|fail|skip '\t' detail */
	CONTROL_END = 11,     /* T  name: the test is over; nothing of it runs any more */
	CONTROL_BYE = 12,     /* H  no more tests: the target answers BYE_ACK and powers off */
	CONTROL_BYE_ACK = 13, /* T  last frame; H  it has come, and so has all before it */
	CONTROL_HOST = 14,    /* T  asks the host for something: verb '\t' arguments */
	CONTROL_HOST_REPLY = 15, /* H  its answer */
	CONTROL_EXEC = 16,       /* H  a command line for the target's shell */
	CONTROL_OUTPUT = 17,     /* T  1|2 (stdout, stderr) '\t' base64 of what it wrote */
	CONTROL_EXEC_END = 18,   /* T  its exit code as a shell tells it, decimal */
	CONTROL_ALIVE = 19,      /* T  every two seconds while a program runs, from a guest without
				  *    pvpanic: its kernel has not panicked. No progress. */
	CONTROL_SELECT = 20, /* H  which tests a Linux target offers, instead of what its command
			      *    line says: patterns split by commas. Before LIST and RUN. */
};
