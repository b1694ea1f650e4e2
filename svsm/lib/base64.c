/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Base64 for bytes in test-control payloads. The host's harness decodes what a guest sent, so the
 * input is hostile: only the one canonical spelling of each byte string is accepted.
 */
#include "lib/base64.h"
#include "lib/string.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *text, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
		uint32_t v = (uint32_t)p[0] << 16;

		v |= n > 1 ? (uint32_t)p[1] << 8 : 0;
		v |= n > 2 ? p[2] : 0;
		*text++ = digits[v >> 18];
		*text++ = digits[v >> 12 & 63];
		*text++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*text++ = n > 2 ? digits[v & 63] : '=';
	}
	*text = 0;
}

void base64_url_encode(char *text, const void *bytes, size_t n)
{
	base64_encode(text, bytes, n);
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
}

/* The six bits that a digit stands for; -1: not a digit. */
static int value(char c)
{
	for (int i = 0; i < 64; i++)
		if (digits[i] == c)
			return i;
	return -1;
}

/* Decodes one group of four digits; only the last one may be padded. The number of its bytes, 1 to
 * 3; 0: not base64. */
static unsigned group(uint8_t out[3], const char *text, bool last)
{
	unsigned n = !last || text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++) {
		int d = i <= n ? value(text[i]) : 0;

		if (d < 0)
			return 0;
		v = v << 6 | (uint32_t)d;
	}
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
	/* Bits beyond the last byte must be zero: each byte string has one spelling. */
	return v & ((1u << 8 * (3 - n)) - 1) ? 0 : n;
}

long base64_decode(void *bytes, size_t cap, const char *text)
{
	size_t length = strlen(text), have = 0;
	uint8_t *out = bytes, three[3];

	if (length % 4)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		unsigned n = group(three, text + i, i + 4 == length);

		if (!n || have + n > cap)
			return -1;
		memcpy(out + have, three, n);
		have += n;
	}
	return (long)have;
}
