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

struct logring; /* log/logring.h */

/* What the log keeps of each CPU. Only that CPU touches it. */
struct log_cpu {
	struct logring *ring;
	unsigned cpu;         /* the number that stands before each line */
	bool ready;           /* this CPU can reach the hypervisor, so it drains its ring itself */
	bool draining;        /* a drain is going on: an exception starts no other */
	uint32_t guest_lines; /* log_guest() calls so far */
};

/* This CPU's. cpu/percpu.c defines it, because the log is a lower layer and does not know struct
 * cpu. */
struct log_cpu *log_this_cpu(void);

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG, /* compiled in, printed only when log_set_level says so */
};

void log_write(enum log_level level, const char *fmt, ...) PRINTF(2, 3);
void log_set_level(enum log_level level); /* less urgent lines are dropped; default LOG_INFO */
void log_drain(void);                     /* this CPU's ring to the console */
/* Write all that this CPU's ring holds, even if a drain or a producer was interrupted: for a
 * panic. */
void log_drain_last(void);

/* Where lines go. The console function writes text as it is; false when it cannot write now. Boot
 * only; lines kept until then go out at once. */
typedef bool (*log_console_fn)(const char *text, size_t len);
void log_set_console(log_console_fn write);

/* A guest could flood the log by causing the same line again and again. So for everything that a
 * guest can cause: at most LOG_GUEST_BURST lines per CPU, then one of 256. */
void log_guest(const char *fmt, ...) PRINTF(1, 2);
#define LOG_GUEST_BURST 32

#define log_error(...)  log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)   log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_write(LOG_DEBUG, __VA_ARGS__)
