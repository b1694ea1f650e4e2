/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/host/channel.h"
#include "harness/channel/channel_file.h"
#include "harness/core/util.h"

#define FILE_SIZE ((off_t)CHANNEL_SLOTS * CHANNEL_SLOT_SIZE)

/* A file of another length is somebody else's, or was cut off: neither is a state. */
static bool prepare(int fd, char **why)
{
	struct stat s;

	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		*why = str("another machine uses it");
	else if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode) || (s.st_size && s.st_size != FILE_SIZE))
		*why = str("it is no file of a TPM's state");
	else if (s.st_size < FILE_SIZE && (ftruncate(fd, FILE_SIZE) != 0 || fsync(fd) != 0))
		*why = str("%s", strerror(errno));
	return !*why;
}

int channel_file_open(const char *path, char **why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	*why = fd < 0 ? str("%s", strerror(errno)) : NULL;
	if (fd >= 0 && !prepare(fd, why)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
