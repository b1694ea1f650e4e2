/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The control port of a boot, and its log, control.log: a line a frame. Facts (INFO) go into the
 * session, host requests are answered here, what comes counts as progress. A Linux target is
 * offered two ports; the first good frame decides for one, and the other is not read any more
 * (before a crash kernel takes over, which may have another driver).
 */
#include <poll.h>

#include "base/types.h"

struct session;
struct control_frame;

#define SESSION_PORT_POLL 2

/* Paths of the FIFOs (port.h); virtio may be NULL. False, with errno: there is no port. */
bool session_port_open(struct session *s, const char *serial, const char *virtio);
/* What to wait for, at most SESSION_PORT_POLL; how many. */
size_t session_port_poll(const struct session *s, struct pollfd *p);
/* Bytes from the target that belonged to no good frame. */
uint64_t session_port_dropped(const struct session *s);
/* "serial", "virtio"; NULL: it has not spoken. */
const char *session_port_name(const struct session *s);
/* The next frame that is the caller's, if there is one already and no signal has come. What a
 * target sends without an end is looked at in turns (port.h), unless all of it is wanted. */
bool session_port_look(struct session *s, struct control_frame *f, bool all);
void session_port_close(struct session *s);
/* A frame to the target, and a line to control.log; only the line where nobody has spoken, and once
 * the session is over. */
void session_send(struct session *s, uint8_t type, const char *text);
