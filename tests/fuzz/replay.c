/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/* Inputs from a file of hexadecimal lines, once more and without libFuzzer. */
#include <stdio.h>
#include <stdlib.h>
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replay.h"

/* A copy of its own, so that the sanitizer guards its end. */
static void run(const uint8_t *from, size_t len)
{
	uint8_t *input = malloc(len ? len : 1);

	FUZZ_CHECK(input);
	for (size_t i = 0; i < len; i++)
		input[i] = from[i];
	LLVMFuzzerTestOneInput(input, len);
	free(input);
}

/* Two digits at a time, up to what is none. */
static size_t decode(const char *line, uint8_t *to, size_t room)
{
	size_t len = 0;

	for (unsigned v; len < room && sscanf(line + 2 * len, "%2x", &v) == 1; len++)
		to[len] = (uint8_t)v;
	return len;
}

unsigned replay(const char *path)
{
	static char line[1 << 16];
	static uint8_t input[sizeof(line) / 2];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		run(input, decode(line, input, sizeof(input)));
		n++;
	}
	fclose(f);
	return n;
}
