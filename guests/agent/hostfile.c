/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Files from the guest to the host, in pieces that fit a frame. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/external.h"
#include "lib/base64.h"

enum {
	PIECE = 600 /* 800 characters of base64, and the verb, in a frame's 1024 bytes */
};

void host_file(const char *name, const char *path, char *answer, size_t size)
{
	char text[BASE64_LENGTH(PIECE) + 1], request[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char bytes[PIECE];
	long long offset = 0;
	ssize_t n;

	if (fd < 0) {
		snprintf(answer, size, "error: %.200s: %s", path, strerror(errno));
		return;
	}
	/* An empty file is one empty piece. */
	do {
		n = read(fd, bytes, sizeof(bytes));
		base64_encode(text, bytes, n > 0 ? (size_t)n : 0);
		snprintf(request, sizeof(request), "file\tput %.100s %lld %s", name, offset, text);
		offset += n;
	} while (n >= 0 && agent_host(request, answer, size) && n == PIECE);
	if (n < 0)
		snprintf(answer, size, "error: %.200s: %s", path, strerror(errno));
	close(fd);
}
