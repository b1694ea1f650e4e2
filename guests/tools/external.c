/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* main() of a test program: lists its tests, runs one, reports on descriptor 3. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/external.h"

#define REPORT_FD 3

extern const struct external_test *const __start_external_tests[];
extern const struct external_test *const __stop_external_tests[];

static unsigned failures;

/* One line; what is in the text of line ends becomes blanks. */
static void report(const char *word, const char *what, const char *fmt, va_list ap)
{
	char text[900], line[1000];

	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ' ';
	snprintf(line, sizeof(line), "%s %s%s%.800s", word, what, *what ? " " : "", text);
	dprintf(REPORT_FD, "%s\n", line);
}

#define REPORT(word, what)                                                                         \
	do {                                                                                       \
		va_list ap_;                                                                       \
		va_start(ap_, fmt);                                                                \
		report(word, what, fmt, ap_);                                                      \
		va_end(ap_);                                                                       \
	} while (0)

void external_fail(const char *where, const char *fmt, ...)
{
	failures++;
	REPORT("FAIL", where);
}

unsigned external_failures(void)
{
	return failures;
}

void external_skip(const char *fmt, ...)
{
	REPORT("SKIP", "");
}

void external_info(const char *key, const char *fmt, ...)
{
	REPORT("INFO", key);
}

void external_log(const char *fmt, ...)
{
	REPORT("LOG", "");
}

void external_limit(unsigned seconds)
{
	dprintf(REPORT_FD, "LIMIT %u\n", seconds);
}

static void read_answer(char *answer, size_t size)
{
	size_t n = 0;
	char c;

	while (read(REPORT_FD, &c, 1) == 1 && c != '\n')
		if (n < size - 1)
			answer[n++] = c;
	answer[n] = 0;
}

bool external_host(const char *request, char *answer, size_t size)
{
	dprintf(REPORT_FD, "HOST %s\n", request);
	read_answer(answer, size);
	return *answer && strncmp(answer, "error", 5) != 0;
}

bool external_put(const char *name, const void *bytes, size_t size)
{
	char path[] = "/tmp/put-XXXXXX", answer[256] = "it cannot be written";
	int fd = mkstemp(path);

	if (fd >= 0 && write(fd, bytes, size) == (ssize_t)size) {
		dprintf(REPORT_FD, "FILE %s %s\n", name, path);
		read_answer(answer, sizeof(answer));
	}
	close(fd);
	unlink(path);
	if (!strcmp(answer, "ok"))
		return true;
	external_fail(EXTERNAL_HERE, "file %s for the host: %s", name, answer);
	return false;
}

static int list(void)
{
	const struct external_test *const *t;

	for (t = __start_external_tests; t < __stop_external_tests; t++)
		printf("%s\t%s\n", (*t)->name, (*t)->shows);
	return 0;
}

int main(int argc, char **argv)
{
	const struct external_test *const *t;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "--list"))
		return list();
	for (t = __start_external_tests; t < __stop_external_tests; t++) {
		if (strcmp((*t)->name, argv[1]) != 0)
			continue;
		(*t)->run();
		return failures != 0;
	}
	return 2;
}
