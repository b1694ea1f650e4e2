/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One boot of one target: QEMU, its ports and logs, and a watch over it. The caller sees the
 * conversation's frames and, once, the end; facts (INFO), log lines and host requests are dealt
 * with inside. Single-threaded; one session at a time per thread.
 */
#include <jansson.h>
#include <stdio.h>

#include "harness/core/exitcode.h"
#include "harness/verbs/host_files.h"
#include "launch/profiles/profile.h"
#include "harness/qemu/port.h"
#include "harness/qemu/qemu.h"
#include "harness/qemu/qmp.h"
#include "harness/qemu/tail.h"
#include "harness/qemu/terminal.h"
#include "harness/session/timeline.h"
#include "harness/session/watch.h"

struct session {
	const struct profile *profile;
	const char *folder; /* this boot's logs */
	const char *disk;
	struct host_files files; /* what the target handed over */
	struct strlist command;
	struct qemu qemu;
	struct qmp qmp;
	struct tail console, svsm, monitor;
	struct watch watch;
	struct timeline time;
	struct outcome outcome; /* valid once over */
	json_t *info;           /* of INFO frames: key -> value */
	FILE *control_log;      /* control.log: the port's traffic, one line a frame */
	bool over, hello;
	bool test_runs; /* a test runs: it may announce a reset */
	bool reset_announced, was_reset;
	char *panic_line, *svsm_panic_line, *svsm_version;
	char *fault_line; /* the monitor's own */
	uint64_t panic_at;
	struct port port;
	struct terminal *terminal; /* the console's, or NULL */
};

/* What a boot needs; log paths, port and QMP socket of launch are filled in here. */
struct session_setup {
	const struct profile *profile;
	struct launch launch;
	const char *folder;
	const char *files; /* where what the target hands over goes; NULL: files/ in folder */
	struct terminal *terminal; /* NULL: the console only has its log */
	unsigned timeout;          /* seconds without progress */
};

/* The command line that a session would start. */
void session_command(const struct session_setup *setup, int qmp_fd, struct strlist *argv);

/* True when QEMU runs; else the session is over, with its outcome. Call session_stop() in any case.
 */
bool session_start(struct session *s, const struct session_setup *setup);

enum session_event {
	SESSION_FRAME,
	SESSION_OVER
};
/* Waits for the next frame of the conversation, or for the end. */
enum session_event session_wait(struct session *s, struct control_frame *f);
void session_send(struct session *s, uint8_t type, const char *text);
/* Ends a target that does not follow the protocol. reason is taken over. */
void session_fail(struct session *s, int code, char *reason);
/* Kills what still runs, reads the logs to their ends, closes everything but outcome, info, time.
 */
void session_stop(struct session *s);
void session_free(struct session *s);
