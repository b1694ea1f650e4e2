/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The SVSM's log. A line is formatted on the caller's stack, put into this CPU's lock-free ring
 * and, as soon as the platform's console works, drained to the log port: one exit a line. Callable
 * from anywhere: early boot, exception handlers, with a GHCB in use, with any lock held, in a
 * panic. Lines are cut at LOG_LINE_MAX; a full ring drops new lines and says later how many.
 */
#include "base/types.h"

#define LOG_LINE_MAX 232

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG, /* compiled in, printed only when log_set_level says so */
};

void log_write(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
void log_set_level(enum log_level level); /* lines above it are not kept; default LOG_INFO */
void log_drain(void);                     /* this CPU's ring to the console */
void log_console_ready(void);             /* the platform can write now; boot only */

/* The same text again and again at a guest's wish would flood the log: at most LOG_GUEST_BURST
 * lines in a row per CPU, then one of 256. For everything a guest can cause. */
void log_guest(const char *fmt, ...) PRINTF(1, 2);
#define LOG_GUEST_BURST 32

#define log_error(...)  log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)   log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_write(LOG_DEBUG, __VA_ARGS__)

/* For what cannot happen, or leaves nothing to go on with; never for what a guest can cause. Prints
 * registers and a symbolised stack trace, then terminates the guest (set 0, reason 0). */
NORETURN void panic(const char *fmt, ...) PRINTF(1, 2);
#define ASSERT(c) ((c) ? (void)0 : panic("%s:%d: assertion %s", __FILE__, __LINE__, #c))
