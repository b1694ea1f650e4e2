/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a target and the harness said on the control port, from control.log. */
#include <stdio.h>

#include "harness/page/loaded.h"

/* Its log lines and failed checks, folded away; nothing where there are none. */
void said_in_test(FILE *f, const struct loaded *r, const char *test);
/* What the test shows, as the target told it (malloc'ed); NULL: it did not. */
char *said_purpose(const struct loaded *r, const char *test);
/* The test or the command that had begun and not ended, and when it began; nothing where there is
 * none. folder: the boot's. */
void said_under_way(FILE *f, const char *folder);
