/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where things lie. The build folder is the one this program was started from, or
 * $KEELSON_ROOT/build; the project root is its parent. Results are malloc'ed.
 */
#include "base/types.h"

void paths_init(void);
const char *paths_root(void);
char *paths_in_root(const char *name);  /* ROOT/name; an absolute name stays */
char *paths_in_build(const char *name); /* BUILD/name */
/* ROOT/build/x -> build/x for people to read; others stay. Points into path. */
const char *paths_short(const char *path);
