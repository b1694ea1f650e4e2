/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The control port of a boot, and its log, control.log: a line a frame. Facts (INFO) go into the
 * session, host requests are answered here, what comes counts as progress.
 */
#include "base/types.h"

struct session;
struct control_frame;

/* path: the FIFOs' (port.h). False, with errno: there is no port. */
bool session_port_open(struct session *s, const char *path);
/* The next frame that is the caller's, if there is one already and no signal has come. */
bool session_port_look(struct session *s, struct control_frame *f);
void session_port_close(struct session *s);
/* A frame to the target, and a line to control.log; only the line once the session is over. */
void session_send(struct session *s, uint8_t type, const char *text);
