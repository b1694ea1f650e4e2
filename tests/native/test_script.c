/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * Scripts of deterministic runs: what the target reads (lib/script/script.h).
 *
 * sources: svsm/lib/script/script.c
 */
#include "tests/native/check.h"
#include "lib/script/script.h"

#include <string.h>

static const char *payload(struct script *s, uint8_t type)
{
	static struct control_frame f;

	script_next(s, &f);
	CHECK_EQ(f.type, type);
	CHECK_EQ(f.length, strlen(f.payload));
	return f.payload;
}

TEST(lines_are_frames)
{
	struct script s;

	script_open(&s,
		    "ANSWER platform=native\nLIST\nRUN a*\tb\nnonsense\nEXEC echo a\\nb \\\\\nBYE");
	CHECK_STR(payload(&s, CONTROL_LIST), "");
	CHECK_STR(payload(&s, CONTROL_RUN), "a*\tb");
	CHECK_STR(payload(&s, CONTROL_EXEC), "echo a\nb \\");
	CHECK_STR(payload(&s, CONTROL_BYE), "");
	CHECK_STR(payload(&s, CONTROL_BYE_ACK), "");
	CHECK_STR(payload(&s, CONTROL_BYE_ACK), "");
}

TEST(an_empty_script_says_bye)
{
	struct script s;

	script_open(&s, "");
	payload(&s, CONTROL_BYE);
	payload(&s, CONTROL_BYE_ACK);
}

/* `keelson run --exec`: the first that fails is the last. */
TEST(nothing_is_executed_behind_a_failure)
{
	struct script s;

	script_open(&s, "EXEC one\nEXEC two\nEXEC three\n");
	CHECK_STR(payload(&s, CONTROL_EXEC), "one");
	s.failed = true;
	payload(&s, CONTROL_BYE);
}

/* A frame's payload has a bound, whatever the line has. */
TEST(a_line_that_is_too_long_is_cut)
{
	static char text[3 * CONTROL_MAX];
	struct script s;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "EXEC ", 5);
	script_open(&s, text);
	CHECK_EQ(strlen(payload(&s, CONTROL_EXEC)), CONTROL_MAX);
	payload(&s, CONTROL_BYE);
}

static bool answer(const char *request, const char *expected)
{
	static const char text[] = "ANSWER crc32\tdisk=12 34\nLIST\nANSWER platform=native\n";
	char got[64];
	struct script s;
	bool known;

	script_open(&s, text);
	known = script_answer(&s, request, got, sizeof(got));
	CHECK_STR(got, expected);
	return known;
}

TEST(answers)
{
	CHECK(answer("crc32\tdisk", "12 34"));
	CHECK(answer("platform", "native"));
	CHECK(answer("echo\tthis and that", "this and that"));
	CHECK(answer("echo", ""));
	CHECK(answer("reset", "ok"));
	CHECK(answer("end\t5\ttext", "ok"));
	CHECK(answer("file\tput name 0 AAAA", "ok"));
	CHECK(!answer("file\tget name 0", "error: the host is not asked"));
	CHECK(!answer("checkquote\ta b c", "error: the host is not asked"));
	CHECK(!answer("crc32", "error: the host is not asked"));
}

TEST(patterns)
{
	static const struct {
		const char *patterns, *name;
		bool fits;
	} rows[] = {
		{"*", "anything", true},    {"*", "", true},
		{"one", "one", true},       {"one", "on", false},
		{"on", "one", false},       {"o?e", "one", true},
		{"?", "", false},           {"a*c", "abbc", true},
		{"a*c", "abbcd", false},    {"*b*d", "abcbcd", true},
		{"a\tone\tb", "one", true}, {"a\tb", "ab", false},
		{"a*\tb", "b", true},       {"*x\tone", "one", true},
		{"on*\tx", "one", true},    {"a\t", "", true},
		{"[o]ne", "one", false},    {"**e", "one", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_EQ(script_wants(rows[i].patterns, rows[i].name), rows[i].fits);
}
