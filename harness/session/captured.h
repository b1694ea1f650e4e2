/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What a command line of `run --json --exec` wrote: kept for the JSON document, where otherwise it
 * is passed on. The guest is not trusted, so what is kept has a bound.
 */
#include <jansson.h>

#include "base/types.h"

#define CAPTURED_MOST (16u << 20) /* bytes of each stream; more is dropped, and said so */

enum captured_stream {
	CAPTURED_STDOUT,
	CAPTURED_STDERR,
	CAPTURED_STREAMS
};

struct captured {
	char *bytes[CAPTURED_STREAMS];
	size_t size[CAPTURED_STREAMS];
	bool cut;
};

void captured_add(struct captured *c, enum captured_stream s, const void *bytes, size_t n);
/* Adds stdout and stderr to the object: as text, or where that is no UTF-8 as base64 in
 * stdout_base64 and stderr_base64; and cut: true where something was dropped. */
void captured_into(const struct captured *c, json_t *o);
void captured_free(struct captured *c);
