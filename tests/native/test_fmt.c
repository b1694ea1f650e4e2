/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Formatting against the host's printf, and its bounds.
 *
 * sources: svsm/lib/fmt.c
 */
#include "tests/native/check.h"
#include "lib/fmt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both must write the same text and return the same length, also when it does not fit. */
#define SAME(...)                                                                                  \
	do {                                                                                       \
		char want[160], got[160];                                                          \
		for (size_t size = 1; size <= sizeof(want); size += 9) {                           \
			int n = snprintf(want, size, __VA_ARGS__);                                 \
			check_context("size %zu", size);                                           \
			CHECK_EQ(fmt_snprintf(got, size, __VA_ARGS__), n);                         \
			CHECK_STR(got, want);                                                      \
		}                                                                                  \
	} while (0)

/* The cut is what is tested: of the text, and of an int to what %hhd takes. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif

TEST(integers)
{
	SAME("%d %i %u", -5, 7, 4000000000u);
	SAME("%d %d", INT_MIN, INT_MAX);
	SAME("%ld %lld %lu", LONG_MIN, LLONG_MAX, ULONG_MAX);
	SAME("%zu %jd %td", (size_t)5, (intmax_t)-6, (ptrdiff_t)-7);
	SAME("%hhd %hhx %hd %hx", 0x1ff, 0x1ff, 70000, 70000);
	SAME("%x %X %lx %llx %o", 0xbeefu, 0xbeefu, 1ul << 60, 1ull << 61, 8u);
	SAME("%u %x", 0u, 0u);
}

TEST(width_flags_precision)
{
	SAME("[%5d|%-5d|%05d|%5d]", 42, 42, -42, -42);
	SAME("[%.3d|%6.3d|%-6.3d|%06d]", 7, 7, 7, -7);
	SAME("[%#x|%#08x|%08llx|%016lx]", 255u, 255u, 0x123ull, 0x456ul);
	SAME("[%+d|%+d|%*d|%-*d]", 3, -3, 6, 1, 6, 2);
	SAME("[%*d]", -6, 3);
	SAME("[%.0d]", 0);
}

TEST(strings_and_characters)
{
	SAME("%s|%10s|%-10s|%.2s", "ab", "cd", "ef", "ghij");
	SAME("%*s|%.*s|%-8.3s|", 6, "k", 2, "lmno", "pqrst");
	SAME("%c%3c%-3c|%%", 'x', 'y', 'z');
	SAME("%s", "");
	SAME("%p", (void *)0x7f1234);
	SAME("plain");
	SAME("");
}

static int from_list(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

TEST(null_string_and_unterminated)
{
	char text[32];
	char *raw = malloc(3); /* no NUL: %.3s may not look further */

	memcpy(raw, "abc", 3);
	CHECK_EQ(from_list(text, sizeof(text), "<%.3s>", raw), 5);
	CHECK_STR(text, "<abc>");
	CHECK_EQ(from_list(text, sizeof(text), "%s", (char *)NULL), 6);
	CHECK_STR(text, "(null)");
	free(raw);
}

TEST(unknown_conversions_are_shown)
{
	const char *odd[] = {"%y", "100%", "%", "%5", "%-08.3", "%l"};
	char text[32];

	for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		from_list(text, sizeof(text), odd[i]);
		CHECK_STR(text, odd[i]);
	}
}

TEST(nothing_is_written_without_room)
{
	char text[4] = "xyz";

	CHECK_EQ(fmt_snprintf(NULL, 0, "%d", 12345), 5);
	CHECK_EQ(fmt_snprintf(text, 1, "%d", 12345), 5);
	CHECK_MEM(text, "\0yz", 4);
	CHECK_EQ(fmt_scnprintf(text, 0, "ab"), 0);
	CHECK_MEM(text, "\0yz", 4);
	CHECK_EQ(fmt_scnprintf(text, 4, "%d", 12345), 3);
	CHECK_STR(text, "123");
}

TEST(huge_width_is_bounded)
{
	static char text[4096];

	CHECK_EQ(from_list(text, sizeof(text), "%99999999999d", 1), 1024);
	CHECK_EQ(from_list(text, sizeof(text), "%*d", INT_MAX, 1), 1024);
	CHECK_EQ(from_list(text, sizeof(text), "%*d", INT_MIN, 1), 1024);
}
