/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* Lines to MACHINE_LOG_PORT; callable from anywhere, any CPU. */
#include <stdarg.h>
#include "base/types.h"

#define LOG_LINE_MAX 320 /* prefix and newline included; longer lines are cut */

/* One line; a newline is added when there is none. Waits for another CPU's line, but not for ever.
 */
void host_log(const char *fmt, ...) PRINTF(1, 2);
/* The same with head between the usual prefix and the text. */
void log_vprint(const char *head, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Bytes to MACHINE_TRAIL_PORT as they are; the caller has them in order. */
void log_trail(const char *line, size_t n);
bool log_writing(void); /* this CPU is in the middle of a line (asked by its NMI handler) */
