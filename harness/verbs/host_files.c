/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Files that a target hands over or fetches back, in files/ of the boot's folder. The target
 * chooses names and contents: a name has no slash and no leading dot, a file is written without
 * following links, and size and number are bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/verbs/host_files.h"
#include "lib/base64.h"
#include "lib/control_frame.h"
#include "harness/core/output.h"
#include "harness/core/util.h"

/* Neither a path nor a hidden file. */
static bool good_name(const char *name)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-";
	size_t n = strlen(name);

	return n && n <= HOST_FILE_NAME && *name != '.' && strspn(name, chars) == n;
}

/* An offset: digits only, and it must fit 64 bits. */
static bool number(const char *text, uint64_t *v)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*v = strtoull(text, &end, 10);
	return !errno && !*end;
}

/* The one way from a target's name to a path. */
char *host_files_path(const struct host_files *f, const char *name)
{
	char *path = good_name(name) ? str("%s/%s", f->folder, name) : NULL;

	if (path && file_size(path) >= 0)
		return path;
	free(path);
	return NULL;
}

unsigned char *host_files_read(const struct host_files *f, const char *name, size_t *size)
{
	char *path = host_files_path(f, name), *text = path ? file_text(path, size) : NULL;

	free(path);
	return (unsigned char *)text;
}

/*
 * Opens the file where the piece belongs: at its end. *why is set when the descriptor is -1.
 * Each start of a file counts, so that a target cannot make files for ever.
 */
static int open_at(struct host_files *f, const char *path, uint64_t offset, const char **why)
{
	int fd, flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW;

	*why = "the file cannot be written";
	if (offset)
		fd = open(path, flags | O_APPEND);
	else if (f->count++ >= HOST_FILE_COUNT)
		return *why = "too many files", -1;
	else
		fd = mkdir(f->folder, 0777) == 0 || errno == EEXIST
			     ? open(path, flags | O_CREAT | O_TRUNC, 0666)
			     : -1;
	if (fd < 0 || lseek(fd, 0, SEEK_END) == (off_t)offset)
		return fd;
	close(fd);
	*why = "the pieces of a file come in order";
	return -1;
}

/* All is checked before the file is touched. A piece that is refused leaves the file as it was. */
const char *host_files_put(struct host_files *f, const char *name, const char *offset,
			   const char *base64)
{
	unsigned char bytes[CONTROL_MAX];
	long n = base64_decode(bytes, sizeof(bytes), base64);
	const char *why = NULL;
	uint64_t at;
	char *path;
	int fd;

	if (!good_name(name))
		return "no name for a file";
	if (n < 0 || !number(offset, &at))
		return "put takes a name, an offset and base64";
	if (at + (uint64_t)n > HOST_FILE_SIZE || at > HOST_FILE_SIZE)
		return "the file is too long";
	path = str("%s/%s", f->folder, name);
	fd = open_at(f, path, at, &why);
	if (fd >= 0) {
		bool whole = output_whole(fd, bytes, (size_t)n);

		why = close(fd) == 0 && whole ? NULL : "the file cannot be written";
	}
	free(path);
	return why;
}

const char *host_files_get(const struct host_files *f, const char *name, const char *offset,
			   char *base64)
{
	unsigned char *bytes;
	uint64_t at;
	size_t size;

	if (!good_name(name) || !number(offset, &at))
		return "get takes a name and an offset";
	bytes = host_files_read(f, name, &size);
	if (!bytes)
		return "no such file";
	at = MIN(at, size);
	base64_encode(base64, bytes + at, MIN(size - at, HOST_FILE_PIECE));
	free(bytes);
	return NULL;
}
