/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The kernel's log, record by record: Documentation/ABI/testing/dev-kmsg. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "longcmd/kmsg.h"

static int log_fd = -1;

bool kmsg_start(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return log_fd >= 0 && lseek(log_fd, 0, SEEK_END) >= 0;
}

static bool is_complaint(const char *text)
{
	static const char *const words[] = {
		"soft lockup",     "hard LOCKUP", "rcu: INFO",        "self-detected stall",
		"detected stalls", "starved for", "workqueue lockup", "blocked for more than",
		"in retry loop",   "hogged CPU",
	};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

void kmsg_complaints(void (*found)(const char *line))
{
	char record[8192];
	ssize_t len;

	/* EPIPE: records were overwritten before we came; the next read goes on after them. */
	while ((len = read(log_fd, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		char *text;

		if (len < 0)
			continue;
		record[len] = 0;
		text = strchr(record, ';');
		if (text && is_complaint(text)) {
			text[strcspn(text, "\n")] = 0;
			found(text + 1);
		}
	}
}
