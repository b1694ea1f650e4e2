/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Small helpers of the harness: messages, files, time; with launch/profiles/words.h, texts and
 * lists of them.
 */
#include "base/types.h"
#include "launch/profiles/words.h"

/* In place: everything but printable ASCII becomes '?', a tab a blank. For what a target sent. */
char *str_ascii(char *s);

/* "keelson: ..." on stderr, one line. */
void problem(const char *fmt, ...) PRINTF(1, 2);

uint64_t now_ms(void); /* monotonic milliseconds */

bool file_exists(const char *path);
int64_t file_size(const char *path);             /* bytes, -1 when it cannot be told */
char *file_text(const char *path, size_t *size); /* whole file, NUL-terminated; NULL on error */
char *text_tail(char *text, unsigned lines);     /* where its last lines begin */
bool file_sha256(const char *path, char hex[65]);
