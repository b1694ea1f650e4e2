/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The test-control port (abi/control.h) from the target's side, over the GHCB. Any vCPU may send.
 */
#include "lib/control_frame.h"
#include "lib/patience.h"

void control_init(void);
/* Looks for a script (lib/script/script.h) among the machine's fw_cfg files: with one nothing is
 * waited for any more. A HOST's text then ends in a NUL. */
void control_find_script(void);
void control_send(uint8_t type, const char *text, size_t length);
void control_printf(uint8_t type, const char *fmt, ...) PRINTF(2, 3);
/* Waits for the next frame from the host. */
void control_receive(struct control_frame *f);
/* The same, but not for ever. False: no frame came. */
bool control_receive_within(struct control_frame *f, struct patience *p);
/* From now on what is sent goes to fn, one call at a time, and not to the port. */
void control_divert(void (*fn)(uint8_t type, const char *text, size_t length));
