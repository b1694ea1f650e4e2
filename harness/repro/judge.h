/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A run made again beside the packed one. An equal trail is the same run; with another SVSM or
 * another QEMU the trail is another one, and the outcome counts. */
#include "harness/repro/packed.h"

#define REPRO_CANNOT_TELL 125

struct judged {
	const struct packed *packed;
	bool other_svsm, other_qemu;
};

/* "how: exit 1, 2 tests failed" on stdout: enough for a person to know it again. */
void judge_describe(const char *how, const struct expect *e);
/* Prints the verdict on the newest run of a folder of run folders; the program's exit code. */
int judge(const struct judged *j, const char *runs);
