/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Walks over the entries of a "newc" archive. A trailer is not asked for: the format lets an
 * archive end behind any entry. The file is the user's and may hold anything.
 */
#include "harness/igvm/cpio.h"

#include <string.h>

#define HEADER    110 /* the magic, then 13 fields of 8 hex digits */
#define FILE_SIZE 54  /* where some of them begin */
#define NAME_SIZE 94
#define MAGICS    "070701", "070702" /* the second has checksums */

static bool is_entry(const char *p, size_t size)
{
	static const char *const magics[] = {MAGICS};

	for (size_t i = 0; i < ARRAY_LEN(magics); i++)
		if (memcmp(p, magics[i], MIN(size, 6u)) == 0)
			return true;
	return false;
}

/* 8 hex digits. False: others. */
static bool field(const char *p, uint64_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < 8; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			*v = *v << 4 | (uint64_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*v = *v << 4 | (uint64_t)((c | 32) - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* Header and name, then the contents, each filled up to 4 bytes. */
bool cpio_whole(const void *data, size_t size)
{
	const char *p = data;
	uint64_t at = 0, name, file;

	while (at < size) {
		if (!p[at]) { /* zeroes fill up to where the next archive begins */
			at++;
			continue;
		}
		if (!is_entry(p + at, size - at))
			return true;
		if (size - at < HEADER)
			return false;
		if (!field(p + at + FILE_SIZE, &file) || !field(p + at + NAME_SIZE, &name))
			return true; /* the kernel will say what it thinks of it */
		at = ALIGN_UP(at + HEADER + name, 4);
		if (at + file > size)
			return false;
		at = ALIGN_UP(at + file, 4);
	}
	return true;
}
