/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The test-control port (abi/control.h) from the target's side, over the GHCB. Any vCPU may send.
 */
#include "lib/control_frame.h"

void control_init(void);
void control_send(uint8_t type, const char *text, size_t length);
void control_printf(uint8_t type, const char *fmt, ...) PRINTF(2, 3);
/* Waits for the next frame from the host. */
void control_receive(struct control_frame *f);
