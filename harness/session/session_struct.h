/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What is known of one boot (session.h). The parts of a session share it, and callers read it. */
#include <jansson.h>
#include <stdio.h>

#include "harness/core/exitcode.h"
#include "harness/verbs/host_verbs.h"
#include "launch/profiles/profile.h"
#include "harness/qemu/port.h"
#include "harness/qemu/qemu.h"
#include "harness/qemu/qmp.h"
#include "harness/qemu/tail.h"
#include "harness/qemu/terminal.h"
#include "harness/session/panic.h"
#include "harness/session/timeline.h"
#include "harness/session/watch.h"
#include "harness/session/where.h"

enum session_port_kind {
	SESSION_SERIAL, /* COM2: every target has it */
	SESSION_VIRTIO, /* offered to Linux, whose kernel may have no driver for it */
	SESSION_PORTS
};

struct session {
	const struct profile *profile;
	const char *folder; /* this boot's logs */
	const char *disk;
	struct host_files files; /* what the target handed over */
	struct strlist command;
	struct qemu qemu;
	struct qmp qmp;
	int quiesce_fd;                 /* snapshot.h; -1: the machine has no such port */
	struct psp_server *psp;         /* NULL: there is none */
	struct channel_server *channel; /* the same */
	struct tail console, svsm, monitor;
	struct watch watch;
	struct timeline time;
	struct outcome outcome; /* valid once over */
	json_t *info;           /* of INFO frames: key -> value */
	FILE *control_log;      /* control.log: the port's traffic, one line a frame */
	bool over, hello;
	bool deaf;          /* the target: what would be said to it stands in its script */
	bool foreign, com1; /* as of session_setup */
	struct symbol_source symbols; /* the SVSM's */
	uint64_t limit_at;            /* of the watch's clock: too long; 0: never */
	struct where where;
	bool stuck;     /* the console says so, and no frame has come since */
	bool test_runs; /* a test runs: it may announce a reset, or the machine's end */
	bool reset_announced, was_reset;
	struct announced_end end;
	bool was_ended; /* as announced */
	struct panic panic;
	char *svsm_panic_line, *svsm_version;
	char *fault_line;                 /* the monitor's own */
	char *dma_line;                   /* the first access that a device was refused */
	struct port ports[SESSION_PORTS]; /* what was not opened is all zero */
	struct port *port;                /* on which the target has spoken first, or NULL */
	struct terminal *terminal;        /* the console's, or NULL */
};
