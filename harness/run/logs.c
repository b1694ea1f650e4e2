/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Whether the logs that QEMU wrote can be whole: one that has come to the limit on the size of
 * files is not, and none can be trusted where the disk takes no more. A disk that was full in
 * between and has room again by now is not found out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/core/output.h"
#include "harness/core/util.h"
#include "harness/run/logs.h"

#define ROOM 8192 /* bytes: more than the last block of a log that is not full can still take */

static const char *const names[] = {"console.log", "svsm.log", "monitor.log", "qemu.log",
				    "debug.log"};

/* 0, or why the folder takes no more (an errno value). */
static int no_room(const char *folder)
{
	static const char bytes[ROOM];
	char *path = str("%s/room.%d.new", folder, (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error = 0;

	if (fd < 0 || !output_whole(fd, bytes, sizeof(bytes)))
		error = errno;
	if (fd >= 0 && close(fd) < 0)
		error = errno;
	unlink(path);
	free(path);
	return error;
}

static bool at_limit(const char *path)
{
	struct rlimit limit;
	int64_t size = file_size(path);

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       size >= 0 && (uint64_t)size >= limit.rlim_cur;
}

void logs_check(const char *folder)
{
	int error = no_room(folder);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = str("%s/%s", folder, names[i]);

		if (at_limit(path))
			output_lost(path, EFBIG);
		free(path);
	}
	/* A limit is no lack of room: the logs were looked at one by one. */
	if (error && error != EFBIG) {
		char *what = str("%s/*.log to their ends", folder);

		output_lost(what, error);
		free(what);
	}
}
