/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * One boot of one target: QEMU, its ports and logs, and a watch over it. The caller sees the
 * conversation's frames and, once, the end; facts (INFO), log lines and host requests are dealt
 * with inside. Single-threaded; one session at a time per thread.
 */
#include "harness/session/session_port.h" /* and session_send() */
#include "harness/session/session_struct.h"

/* What a boot needs; log paths, port and QMP socket of launch are filled in here. */
struct session_setup {
	const struct profile *profile;
	struct launch launch;
	const char *folder;
	const char *files; /* where what the target hands over goes; NULL: files/ in folder */
	struct terminal *terminal; /* NULL: the console only has its log */
	bool vport;       /* a Linux: it is offered the control port on virtio-serial too */
	unsigned timeout; /* seconds without progress */
	unsigned limit;   /* seconds that the boot may take; 0: any */
	bool foreign;     /* the SVSM is not ours: none of our markers, its words are COM1's */
	bool com1;        /* ours, which logs there too */
	struct symbol_source symbols; /* the SVSM's */
	const char *script; /* launch.deterministic: what the target is to do; NULL: nothing */
	bool kdump;         /* a panic does not end it: the crash kernel's end does */
	const char *state;  /* the file behind the channel; NULL: there is no channel */
	const char *keys;   /* the socket of a key server behind it; NULL: none */
	const struct psp_config *psp; /* native: the security processor; NULL: none */
	bool quiesce; /* the machine can be saved, or launch.state is one that was: snapshot.h */
};

/* Descriptors that QEMU inherits: one end each of a connected socket, and a pipe. */
struct session_fds {
	int qmp;
	int quiesce; /* not used without session_setup.quiesce */
	int keys;    /* not used without session_setup.psp */
};
/* The command line that a session would start. */
void session_command(const struct session_setup *setup, const struct session_fds *fds,
		     struct strlist *argv);

/* True when QEMU runs; else the session is over, with its outcome. Call session_stop() in any case.
 */
bool session_start(struct session *s, const struct session_setup *setup);

enum session_event {
	SESSION_FRAME,
	SESSION_OVER
};
/* Waits for the next frame of the conversation, or for the end. */
enum session_event session_wait(struct session *s, struct control_frame *f);
/* Ends a target that does not follow the protocol. reason is taken over. */
void session_fail(struct session *s, int code, char *reason);
/* Kills what still runs, reads the logs to their ends, closes everything but outcome, info, time.
 */
void session_stop(struct session *s);
void session_free(struct session *s);
