/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include <stdarg.h>
#include "machine/host/host.h"

#define LOG_LINE_MAX 320 /* prefix and newline included; longer lines are cut */

bool log_writing(void); /* this CPU is in the middle of a line (asked by its NMI handler) */
/* One line: the usual prefix, head, then the text; a newline is added when there is none. */
void log_vprint(const char *head, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
