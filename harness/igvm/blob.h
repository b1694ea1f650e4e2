/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* A file, whole in memory; and the one way in which the IGVM tools report an error: a line on
 * stderr and an exit code. */
#include "base/types.h"

/* Exit codes of `keelson igvm`, as core/exitcode.h has them */
enum igvm_exit {
	IGVM_EXIT_OK = 0,
	IGVM_EXIT_BAD_FILE = 1, /* an input is malformed or does not fit */
	IGVM_EXIT_USAGE = 2,
	IGVM_EXIT_HOST = 3, /* a file cannot be read or written */
};

struct blob {
	uint8_t *data;
	size_t size;
};

/* One line "keelson: ..." to stderr. Always false, so that callers can return it. */
bool igvm_fail(const char *fmt, ...) PRINTF(1, 2);

/* False, and said why, when the file cannot be read or has 4 GiB or more. */
bool blob_read(const char *path, struct blob *b);
/* Writes beside path and renames, so that nobody sees half a file. False when it failed, and said
 * so. */
bool blob_write(const char *path, const void *data, size_t size);
void blob_free(struct blob *b);
/* Room for `more` bytes at the end, zeroed; exits when memory is out. Returns where they start. */
uint8_t *blob_grow(struct blob *b, size_t more);
