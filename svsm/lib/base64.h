/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* RFC 4648 base64 with padding and without line breaks: bytes in test-control payloads. */
#include "base/types.h"

#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)

/* text holds BASE64_LENGTH(n) + 1 bytes and is NUL-terminated. */
void base64_encode(char *text, const void *bytes, size_t n);
/* RFC 4648, section 5, without padding; the same room. */
void base64_url_encode(char *text, const void *bytes, size_t n);
/* Returns the number of bytes; -1: not the canonical form, or more than cap bytes. */
long base64_decode(void *bytes, size_t cap, const char *text);
