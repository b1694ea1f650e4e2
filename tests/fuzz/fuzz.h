/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a fuzz target is and what all of them share. Each is built with libFuzzer (make fuzz) and,
 * with gcc and without it, into a unit test that replays the corpus. */
#include "base/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input: on failure the program ends, which is a finding. */
#define FUZZ_CHECK(c)                                                                              \
	do {                                                                                       \
		if (!(c))                                                                          \
			fuzz_failed(__FILE__, __LINE__, #c);                                       \
	} while (0)
NORETURN void fuzz_failed(const char *file, int line, const char *what);

/* From now on libcrypto's random numbers are the same on each run. */
void fuzz_fixed_random(void);
