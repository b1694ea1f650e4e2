/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a verification has found so far: a line for each check. The first refusal ends it, so each
 * check returns whether to go on.
 */
#include <stdio.h>

#include "base/types.h"

enum verdict_kind {
	VERDICT_OK,
	VERDICT_OPEN, /* nobody has said what is wanted, so it was not judged */
	VERDICT_REFUSED,
};

struct verdict_line {
	const char *check; /* its name, as docs/verify.md has it */
	char *text;
	enum verdict_kind kind;
};

#define VERDICT_LINES_MAX 40

struct verdict {
	struct verdict_line line[VERDICT_LINES_MAX];
	unsigned lines;
	bool test_root; /* the root is none of AMD's */
};

/* True, always. */
bool verdict_ok(struct verdict *v, const char *check, const char *fmt, ...) PRINTF(3, 4);
bool verdict_open(struct verdict *v, const char *check, const char *fmt, ...) PRINTF(3, 4);
/* False, always. The text says what is there, what was expected, and what to do. */
bool verdict_refuse(struct verdict *v, const char *check, const char *fmt, ...) PRINTF(3, 4);

/* The refusal, which is the last line, or NULL: all checks held. */
const struct verdict_line *verdict_refusal(const struct verdict *v);
void verdict_free(struct verdict *v);

/* For people, a line a check; or one line of JSON (docs/json-schema.json, "verify"). */
void verdict_print(const struct verdict *v, FILE *to);
void verdict_print_json(const struct verdict *v, FILE *to);

/* n bytes in lower-case hex, malloc'ed. */
char *verdict_hex(const uint8_t *bytes, size_t n);
/*
 * Are n bytes what was wanted? Tells either way, in hex. todo: what to do where they differ.
 */
bool verdict_same(struct verdict *v, const char *check, const uint8_t *have, const uint8_t *wanted,
		  size_t n, const char *todo);
