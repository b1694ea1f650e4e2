/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Text of a target as HTML: whatever it is, it stays text.
 *
 * sources: harness/page/html.c harness/core/util.c launch/profiles/words.c
 * libs: -lcrypto
 */
#include "harness/page/html.h"
#include "tests/native/check.h"

#include <stdlib.h>
#include <string.h>

static char *text;

static FILE *begin(void)
{
	static size_t size;

	free(text);
	text = NULL;
	return open_memstream(&text, &size);
}

static const char *as_html(const char *s, size_t n)
{
	FILE *f = begin();

	html_bytes(f, s, n);
	fclose(f);
	return text;
}

#define HTML(literal) as_html(literal, sizeof(literal) - 1)

TEST(markup_is_text)
{
	CHECK_STR(HTML("</script><script>alert(1)</script>"),
		  "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
	CHECK_STR(HTML("\" onload='x' &amp;"), "&quot; onload=&#39;x&#39; &amp;amp;");
	CHECK_STR(HTML("<!-- ]]> --><![CDATA["), "&lt;!-- ]]&gt; --&gt;&lt;![CDATA[");
	CHECK_STR(HTML("plain\n\ttext"), "plain\n\ttext");
}

TEST(control_bytes_are_pictures)
{
	CHECK_STR(HTML("a\0b"), "a&#9216;b");
	CHECK_STR(HTML("\b\x7f"), "&#9224;&#9249;");
	CHECK_STR(HTML("\x1b"), "&#9243;");
	CHECK_STR(HTML("\x1b]0;title\a"), "&#9243;]0;title&#9223;");
}

/* ECMA-48, 5.4: parameters 0x30 to 0x3f, intermediates 0x20 to 0x2f, one final byte 0x40 to 0x7e.
 */
TEST(colours_and_cursor_are_left_out)
{
	CHECK_STR(HTML("\x1b[1;31mred\x1b[0m"), "red");
	CHECK_STR(HTML("\x1b[2J\x1b[=3h\x1b[001;001Hx"), "x");
	CHECK_STR(HTML("\x1b[12"), "&#9243;[12");
	CHECK_STR(HTML("\x1b[1\nm"), "&#9243;[1\nm");
	CHECK_STR(HTML("end\r\n\r\r\nalone\rhere"), "end\n\nalone&#9229;here");
}

/* RFC 3629, 3 and 4. */
TEST(only_utf8_is_passed_on)
{
	CHECK_STR(HTML("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
	CHECK_STR(HTML("\xff"), "&#65533;");
	CHECK_STR(HTML("\xc0\xbc"), "&#65533;&#65533;");                         /* '<', too long */
	CHECK_STR(HTML("\xe0\x80\xbc"), "&#65533;&#65533;&#65533;");             /* the same */
	CHECK_STR(HTML("\xed\xa0\x80"), "&#65533;&#65533;&#65533;");             /* a surrogate */
	CHECK_STR(HTML("\xf4\x90\x80\x80"), "&#65533;&#65533;&#65533;&#65533;"); /* > U+10FFFF */
	CHECK_STR(HTML("\xc3<"), "&#65533;&lt;");
	CHECK_STR(HTML("\xe2\x82"), "&#65533;&#65533;");
	CHECK_STR(HTML("\xc2\x85\xef\xbf\xbf"), "&#65533;&#65533;"); /* C1, no character */
}

/* UAX 9: what turns the text behind it around, or is not seen. */
TEST(hidden_characters_are_named)
{
	CHECK_STR(HTML("a\xe2\x80\xaez"), "a[U+202E]z");
	CHECK_STR(HTML("\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf"), "[U+2066][U+200B][U+FEFF]");
	CHECK_STR(HTML("\xf3\xa0\x81\x81"), "[U+E0041]");
}

static const char *formatted(void (*write)(FILE *f, double v), double v)
{
	FILE *f = begin();

	write(f, v);
	fclose(f);
	return text;
}

TEST(sizes_and_times)
{
	CHECK_STR(formatted(html_size, 0), "0 bytes");
	CHECK_STR(formatted(html_size, 1023), "1023 bytes");
	CHECK_STR(formatted(html_size, 1024), "1.0 KiB");
	CHECK_STR(formatted(html_size, 200.0 * 1024 * 1024), "200 MiB");
	CHECK_STR(formatted(html_ms, 12.4), "12 ms");
	CHECK_STR(formatted(html_ms, 1950), "1.95 s");
	CHECK_STR(formatted(html_ms, 12340), "12.3 s");
	CHECK_STR(formatted(html_ms, 59999), "1:00 min");
	CHECK_STR(formatted(html_ms, 204000), "3:24 min");
}

TEST(nothing_is_nothing)
{
	FILE *f = begin();

	html_text(f, NULL);
	html_textf(f, "<%d>", 7);
	fclose(f);
	CHECK_STR(text, "&lt;7&gt;");
	free(text);
	text = NULL;
}
