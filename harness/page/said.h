/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* What a target said on the control port while a test ran, from control.log. */
#include <stdio.h>

#include "harness/page/loaded.h"

/* Its log lines and failed checks, folded away; nothing where there are none. */
void said_in_test(FILE *f, const struct loaded *r, const char *test);
