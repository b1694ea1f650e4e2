/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The images of a run: copied into an archive that is being made, if they are still those of then.
 */
#include <jansson.h>

#include "launch/profiles/words.h"

#define IMAGES_DISK_MOST (1ll << 30) /* bytes: who unpacks the file needs room for as many */

struct packing {
	const char *run_folder;
	char *top;                      /* where the archive's files are gathered */
	json_t *run, *manifest, *files; /* run.json; files: name -> SHA-256, filled here */
};

/* TOP/folder, made where it is not there (malloc'ed). */
char *packing_folder(const struct packing *p, const char *folder);
/* Monitor, IGVM file and what that was built of, and the disk that was given. False after a line on
 * stderr: without the monitor, the IGVM file or the disk nothing can be made again. Without another
 * part no other SVSM can be tried, which is told, too. */
bool images_add(struct packing *p);
