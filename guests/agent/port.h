/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The control port: frames of abi/control.h to and from the harness. One thread owns it; tests that
 * fork report from the parent. A port that fails ends the guest: nobody would hear of it again. */
#include "base/types.h"
#include "lib/control_frame.h"

void port_open(const char *path);
void port_send(uint8_t type, const char *text, size_t length); /* cut to what a frame holds */
void port_next(struct control_frame *f);                       /* waits for one */
NORETURN void port_power_off(const char *why);                 /* when all that was sent has left */
