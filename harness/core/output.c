/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Checked output. A disk may fill at any time, and what it refuses may be seen by write(), by
 * fsync() or by close() only: all three are looked at here, so that the rest of the harness asks
 * one question at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/output.h"
#include "harness/core/util.h"

static struct strlist lost; /* what was told already: a log may fail line by line */
static unsigned losses;
static char *last;

/* What a person can do about it. */
static const char *advice(const char *what, int error)
{
	if (*what != '/' && error != EPIPE)
		return "send it to where it can be written; the run folder has the results";
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "make room there, or name another folder by --runs";
	case EFBIG:
		return "raise the limit on the size of files (ulimit -f)";
	case EPIPE:
		return "its reader is gone; the run folder has the results";
	default:
		return "see that it can be written, or name another folder by --runs";
	}
}

void output_lost(const char *what, int error)
{
	losses++;
	for (size_t i = 0; i < lost.n; i++)
		if (strcmp(lost.v[i], what) == 0)
			return;
	strlist_add(&lost, what);
	free(last);
	last = str("cannot write %s: %s: %s", what, error ? strerror(error) : "a write failed",
		   advice(what, error));
	problem("%s", last);
}

unsigned output_losses(void)
{
	return losses;
}

const char *output_loss(void)
{
	return last;
}

int output_verdict(int code)
{
	return losses ? exitcode_worse(code, CODE_HOST) : code;
}

/* An error stays in the stream, so an earlier write counts too; only its reason is gone then. */
bool output_stream(FILE *f)
{
	int error = fflush(f) != 0 ? errno : 0;

	if (!error && !ferror(f))
		return true;
	output_lost(f == stdout ? "stdout" : "stderr", error);
	return false;
}

bool output_whole(int fd, const void *bytes, size_t n)
{
	off_t before = lseek(fd, 0, SEEK_END);
	size_t done = 0;
	ssize_t put = 0;
	int error;

	/* One write, as a rule. After a short one the next says why. */
	while (done < n && (put = write(fd, (const char *)bytes + done, n - done)) > 0)
		done += (size_t)put;
	if (done == n)
		return true;
	error = put < 0 ? errno : ENOSPC;
	if (done && before >= 0 && ftruncate(fd, before) < 0)
		problem("a line that is cut off could not be taken back: %s", strerror(errno));
	errno = error;
	return false;
}

bool output_append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), error = 0;

	if (fd < 0 || !output_whole(fd, text, strlen(text)))
		error = errno;
	if (fd >= 0 && close(fd) < 0 && !error)
		error = errno;
	if (error)
		output_lost(path, error);
	return !error;
}

/* What the disk has not taken yet may still be refused. A file system without fsync() has said all.
 */
static bool forced(FILE *f)
{
	return fflush(f) == 0 && (fsync(fileno(f)) == 0 || errno == EINVAL);
}

/* Readers (CI, a person with `watch`) never see half a file, and a full disk leaves the old one. */
bool output_file(const char *path, const char *text)
{
	char *tmp = str("%s.%d.new", path, (int)getpid());
	FILE *f = fopen(tmp, "we");
	bool ok = f && fputs(text, f) >= 0 && forced(f);
	int error = ok ? 0 : errno;

	if (f && fclose(f) != 0 && !error)
		error = errno;
	if (!error && rename(tmp, path) < 0)
		error = errno;
	if (error) {
		unlink(tmp);
		output_lost(path, error);
	}
	free(tmp);
	return !error;
}

bool output_close(FILE *f, const char *path)
{
	int error = fflush(f) != 0 ? errno : 0;
	bool ok = !error && !ferror(f);

	if (fclose(f) != 0 && ok) {
		error = errno;
		ok = false;
	}
	if (!ok)
		output_lost(path, error);
	return ok;
}
