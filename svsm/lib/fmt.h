/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Bounded formatting, for logs. The subset of printf:
 *   %[-0#+][width|*][.precision|.*][hh|h|l|ll|z|j|t] and d i u x X o c s p %
 * %p prints 0x and the digits; (null) stands for a NULL string; precision applies to strings and
 * integers as in C. No floating point, no %n. An unknown conversion is printed as it stands.
 */
#include <stdarg.h>
#include "base/types.h"

/*
 * Like snprintf: writes at most size bytes, the last one a NUL when size > 0, and returns the
 * length the whole text has (which may be size or more: then it was cut). Reentrant, no locks.
 */
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);
/* Like fmt_snprintf, but returns how many characters were really written, without the NUL: for
 * building a line in pieces. */
size_t fmt_scnprintf(char *buf, size_t size, const char *fmt, ...) PRINTF(3, 4);
