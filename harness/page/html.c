/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* One character after the other: what it is decides what is written for it (html.h). */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/util.h"
#include "harness/page/html.h"

/*
 * The character at s, of n bytes at least one, and how many bytes it has. What is no UTF-8 (RFC
 * 3629, 4: overlong forms and surrogates are none) is one byte of U+FFFD.
 */
static uint32_t decode(const unsigned char *s, size_t n, size_t *used)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	unsigned more = s[0] < 0x80 ? 0 : s[0] < 0xc2 ? 4 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t c = more ? s[0] & (0x3fu >> more) : s[0];

	*used = 1;
	if (more == 4 || s[0] > 0xf4 || more >= n)
		return 0xfffd;
	for (unsigned i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0xfffd;
	*used = more + 1;
	return c;
}

/* Length of "ESC [ numbers letter" (ECMA-48, 5.4), 0: it is none. */
static size_t control_sequence(const unsigned char *s, size_t n)
{
	size_t i = 2;

	if (n < 3 || s[0] != 0x1b || s[1] != '[')
		return 0;
	while (i < n && s[i] >= 0x20 && s[i] <= 0x3f)
		i++;
	return i < n && s[i] >= 0x40 && s[i] <= 0x7e ? i + 1 : 0;
}

/* Characters that nobody sees, or that turn the text around (Unicode 15, UAX 9 and 2.3 of UTR 36).
 */
static bool is_hidden(uint32_t c)
{
	return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static void put(FILE *f, uint32_t c, const unsigned char *bytes, size_t n)
{
	const char *entity = c == '&'    ? "&amp;"
			     : c == '<'  ? "&lt;"
			     : c == '>'  ? "&gt;"
			     : c == '"'  ? "&quot;"
			     : c == '\'' ? "&#39;"
					 : NULL;

	if (entity)
		fputs(entity, f);
	else if (c == '\n' || c == '\t')
		fputc((int)c, f);
	else if (c < 0x20 || c == 0x7f)
		fprintf(f, "&#%u;", c == 0x7f ? 0x2421 : 0x2400 + c);
	else if (c == 0xfffd || (c >= 0x80 && c < 0xa0) || (c & 0xfffe) == 0xfffe)
		fputs("&#65533;", f);
	else if (is_hidden(c))
		fprintf(f, "[U+%04X]", c);
	else
		fwrite(bytes, 1, n, f);
}

void html_bytes(FILE *f, const char *bytes, size_t n)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		uint32_t c;

		used = control_sequence(s + i, n - i);
		if (!used && s[i] == '\r' && i + 1 < n && (s[i + 1] == '\n' || s[i + 1] == '\r'))
			used = 1;
		if (used)
			continue;
		c = decode(s + i, n - i, &used);
		put(f, c, s + i, used);
	}
}

void html_text(FILE *f, const char *s)
{
	if (s)
		html_bytes(f, s, strlen(s));
}

void html_textf(FILE *f, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	html_text(f, text);
	free(text);
}

void html_size(FILE *f, double bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	unsigned u = 0;

	for (; bytes >= 1024 && u + 1 < ARRAY_LEN(units); u++)
		bytes /= 1024;
	fprintf(f, "%.*f %s", u && bytes < 100, bytes, units[u]);
}

void html_ms(FILE *f, double ms)
{
	if (ms < 1000)
		fprintf(f, "%.0f ms", ms);
	else if (ms < 59995)
		fprintf(f, "%.*f s", ms < 9995 ? 2 : 1, ms / 1000);
	else
		fprintf(f, "%d:%02d min", (int)((ms + 500) / 60000), (int)((ms + 500) / 1000) % 60);
}
