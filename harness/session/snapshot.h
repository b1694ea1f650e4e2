/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A booted machine, saved and loaded again: with its agent ready, and before it was asked for
 * anything. A folder holds what belongs to it: the state as QEMU migrates it, the logs up to then,
 * and facts that only the conversation before had told. The session was started with
 * session_setup.quiesce in both cases.
 */
#include "harness/session/session.h"

#define SNAPSHOT_STATE "state"

/* Quiet, saved, and on: the caller goes on with the same session. NULL, or why there is no snapshot
 * (malloc'ed): then a session that is not over goes on all the same. */
char *snapshot_save(struct session *s, const char *folder);
/* What snapshot_load() wants to know of the session that was saved (a new reference). */
json_t *snapshot_facts(const struct session *s);

/* The logs of the machine in folder, into to, before a session there loads it. False: they cannot
 * be copied. */
bool snapshot_logs(const char *folder, const char *to);
/* The session was started with launch.state: waits until QEMU has loaded it, and lets the machine
 * go on. The session is then as behind HELLO. NULL, or why not (malloc'ed). */
char *snapshot_load(struct session *s, const json_t *facts);
