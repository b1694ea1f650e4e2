/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * An archive of `keelson repro pack`, taken apart. It comes from another machine: its files are
 * what its manifest says they are, and its words start a run or a test, nothing else.
 */
#include "harness/repro/expect.h"

struct packed {
	char *folder, *top, *expect; /* TMP, TMP/repro, TMP/repro/expect */
	json_t *manifest;
	struct expect then;
};

/* False after a line on stderr: it cannot be used. packed_close() in any case. */
bool packed_open(struct packed *p, const char *file);
void packed_close(struct packed *p);
