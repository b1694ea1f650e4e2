/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A run's folder: DIR/NAME-TIME-PID, complete whatever happens. `latest` beside it points at the
 * newest one and is replaced in one step. A later boot of the same run has its logs in boot2/, ...
 */
#include "harness/core/util.h"

struct runfolder {
	char *path; /* absolute */
};

/* False after one line on stderr. runs NULL: build/runs. */
bool runfolder_create(struct runfolder *r, const char *runs, const char *name);
/* A folder of the same kind inside another one; `latest` stays with the outer one. */
bool runfolder_create_in(struct runfolder *r, const struct runfolder *outer, const char *name);
char *runfolder_file(const struct runfolder *r, const char *name);
/* The logs' folder of boot n (1 is the run folder itself); it exists afterwards. NULL on error. */
char *runfolder_boot(const struct runfolder *r, unsigned n);
/* recreate.sh: starts this program again from the same folder with these words. */
bool runfolder_recreate(const struct runfolder *r, const struct strlist *words);
