/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Files as the IGVM tools need them: whole in memory, with their size, bounded by what an IGVM
 * file can address. This part of the harness knows nothing of runs and sessions; the unit tests
 * link it alone.
 */
#include "harness/igvm/blob.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool igvm_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("keelson: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return false;
}

/*
 * A pipe or a device has no size to allocate for. The buffer is never empty, so that data is
 * NULL only for no blob at all.
 */
static bool read_all(FILE *f, const char *path, struct blob *b)
{
	struct stat st;

	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode))
		return igvm_fail("%s: not a regular file", path);
	if ((uint64_t)st.st_size > UINT32_MAX)
		return igvm_fail("%s: larger than an IGVM file can hold", path);
	*b = (struct blob){.data = malloc((size_t)st.st_size + 1), .size = (size_t)st.st_size};
	if (!b->data)
		return igvm_fail("%s: out of memory", path);
	if (fread(b->data, 1, b->size, f) == b->size)
		return true;
	blob_free(b);
	return igvm_fail("%s: cannot be read", path);
}

bool blob_read(const char *path, struct blob *b)
{
	FILE *f = fopen(path, "rb");
	bool ok;

	if (!f)
		return igvm_fail("%s: %s", path, strerror(errno));
	ok = read_all(f, path, b);
	fclose(f);
	return ok;
}

static bool write_all(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	bool ok;

	if (!f)
		return false;
	ok = fwrite(data, 1, size, f) == size;
	return !fclose(f) && ok;
}

/*
 * The temporary file lies beside the wanted one, because rename() works within one file system
 * only.
 */
bool blob_write(const char *path, const void *data, size_t size)
{
	char *tmp;
	bool ok;

	if (asprintf(&tmp, "%s.%d.tmp", path, (int)getpid()) < 0)
		return igvm_fail("out of memory");
	ok = write_all(tmp, data, size) && !rename(tmp, path);
	if (!ok) {
		igvm_fail("%s: %s", path, strerror(errno));
		unlink(tmp);
	}
	free(tmp);
	return ok;
}

void blob_free(struct blob *b)
{
	free(b->data);
	*b = (struct blob){0};
}

/*
 * Powers of two from a page on, since an image grows page by page. The capacity follows from
 * the size alone and need not be stored.
 */
static size_t capacity(size_t size)
{
	size_t c = 4096;

	while (c < size)
		c *= 2;
	return c;
}

uint8_t *blob_grow(struct blob *b, size_t more)
{
	size_t old = b->size;

	if (!b->data || capacity(old) != capacity(old + more)) {
		b->data = realloc(b->data, capacity(old + more));
		if (!b->data) {
			igvm_fail("out of memory");
			exit(IGVM_EXIT_HOST);
		}
	}
	b->size += more;
	memset(b->data + old, 0, more);
	return b->data + old;
}
