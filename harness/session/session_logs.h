/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The three logs of a boot, read while they grow: console.log, svsm.log, monitor.log. What their
 * lines say of panics, faults, the SVSM's version and the phases of the boot goes into the session.
 */
struct session;

void session_logs_open(struct session *s);
/* New lines, which count as progress. */
void session_logs_look(struct session *s);
/* Everything up to their ends, unfinished lines too. */
void session_logs_finish(struct session *s);
void session_logs_close(struct session *s);
