/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Where things lie. In a checkout the build folder is the one this program was started from, and
 * the project's root its parent; installed as PREFIX/bin/keelson, both are PREFIX/lib/keelson.
 * $KEELSON_ROOT names another root: a checkout, whose build folder is "build", or an installed
 * tree. Results that are no const are malloc'ed.
 */
#include "base/types.h"

void paths_init(void);
const char *paths_self(void); /* this program's own file */
const char *paths_root(void);
/* True: there is no checkout, nothing can be built, and only root writes to the folders. */
bool paths_installed(void);
/* ROOT/name, or BUILD/x for a name build/x; an absolute name stays. */
char *paths_in_root(const char *name);
char *paths_in_build(const char *name); /* BUILD/name */
/*
 * The folder of run folders where nobody names one: BUILD/runs, or, installed, keelson/runs in
 * $XDG_STATE_HOME or ~/.local/state, or keelson-runs here for a user without a home.
 */
char *paths_runs(void);
/* ROOT/build/x -> build/x for people to read; others stay. Points into path. */
const char *paths_short(const char *path);
