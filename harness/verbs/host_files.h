/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Files that a target hands over: they lie in files/ of the boot's folder; after a
 * reset that was announced, still in that of the boot before. The target is not trusted: plain
 * names, pieces in order, and bounds on size and number.
 */
#include "base/types.h"

#define HOST_FILE_NAME  64u          /* characters: letters, digits, '.', '_', '-'; no '.' first */
#define HOST_FILE_SIZE  (1ull << 20) /* bytes of one */
#define HOST_FILE_COUNT 1000u        /* of a boot, each start of a file counts */
#define HOST_FILE_PIECE 600u /* bytes of an answer: a frame's payload holds them as base64 */

struct host_files {
	char *folder; /* made when the first file comes */
	unsigned count;
};

/*
 * A piece of a file: offset 0 starts it anew, another one must be its present size. NULL, or one
 * line that says why not.
 */
const char *host_files_put(struct host_files *f, const char *name, const char *offset,
			   const char *base64);
/*
 * The bytes from offset on, at most HOST_FILE_PIECE, none at its end, into base64 (room for
 * BASE64_LENGTH(HOST_FILE_PIECE) + 1 characters). NULL, or one line that says why not.
 */
const char *host_files_get(const struct host_files *f, const char *name, const char *offset,
			   char *base64);
/* The whole file (malloc'ed); NULL: there is none of that name. */
unsigned char *host_files_read(const struct host_files *f, const char *name, size_t *size);
/* The path of a file that is there (malloc'ed), or NULL. */
char *host_files_path(const struct host_files *f, const char *name);
