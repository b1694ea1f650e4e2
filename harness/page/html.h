/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Text as HTML. All that a target, a log or a file says goes through here: it may hold anything,
 * and nothing of it becomes markup, hides, or turns what stands beside it around.
 *
 *   & < > " '                          entities
 *   control bytes but tab, newline     their picture (U+2400 and on); a carriage return before a
 *                                      newline, and ANSI's colours and cursor movements, nothing
 *   no UTF-8, C1, no character         U+FFFD
 *   marks of direction, no width       their number in brackets, as [U+202E]
 */
#include <stdio.h>

#include "base/types.h"

/* NULL writes nothing. Good for attributes in quotes, too. */
void html_text(FILE *f, const char *s);
void html_bytes(FILE *f, const char *bytes, size_t n);
void html_textf(FILE *f, const char *fmt, ...) PRINTF(2, 3);

/* Bytes for people: "11.1 MiB". */
void html_size(FILE *f, double bytes);
/* Milliseconds for people: "12 ms", "1.95 s", "3:24 min". */
void html_ms(FILE *f, double ms);
