/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * A folder as one file (tar, gzip) and back, by tar(1), which each system has: it refuses members
 * that would lie outside. Files and programs that go with it.
 */
#include "launch/profiles/words.h"

#define REPRO_TOP "repro" /* the archive's one folder */

/* A new folder in $TMPDIR with REPRO_TOP in it (malloc'ed); NULL after a line on stderr. */
char *archive_folder(void);
/* The folder and all that is in it are gone afterwards; frees the name. */
void archive_remove(char *folder);
/* True: file is all of folder's REPRO_TOP, or folder has all of the file. Else a line on stderr. */
bool archive_pack(const char *folder, const char *file);
bool archive_unpack(const char *file, const char *folder);
/* A copy; false after a line on stderr. */
bool archive_copy(const char *from, const char *to);
/* Runs a program to its end: its exit status, 128 + a signal's number, -1 when it did not start. */
int archive_run(const struct strlist *words);
