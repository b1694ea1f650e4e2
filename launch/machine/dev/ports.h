/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a guest may reach of the machine's I/O ports. Any CPU; a
 * serial port (uart.h) and the log's port (debugcon.h) have locks of their own. */
#include "base/types.h"

/* What a write asks for besides. */
enum ports_event {
	PORTS_NOTHING,
	PORTS_POWER_OFF,
	PORTS_RESET, /* port 0xcf9 */
	PORTS_RESET_KEYBOARD,
	PORTS_RESET_FAST, /* port 0x92 */
};

/* One access of 1, 2 or 4 bytes, as a VMM would answer it. */
uint32_t ports_in(uint16_t port, unsigned size);
enum ports_event ports_out(uint16_t port, unsigned size, uint32_t value);
/* n bytes to one port (REP OUTSB), read once each from memory that may change. False: this port
 * takes none so, and each byte needs a ports_out(). */
bool ports_out_string(uint16_t port, const uint8_t *data, size_t n);
/* The same for n bytes from one port (REP INSB), n at least 1. */
bool ports_in_string(uint16_t port, uint8_t *data, size_t n);
