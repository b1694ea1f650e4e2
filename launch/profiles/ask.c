/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Asks a QEMU program by its own help: `-object TYPE,help`, `-machine q35,help`, `-device
 * NAME,help` and `-h` all end before a machine is made. `-machine none -object tdx-guest` does not,
 * and aborts (QEMU 11.1): nothing here makes an object.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "launch/profiles/ask.h"
#include "launch/profiles/words.h"

#define PATIENCE 300 /* s; the alarm that ends the program outlives execvp() */

static void become(const char *const words[], int out)
{
	dup2(out, 1);
	close(out);
	if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stderr))
		_exit(127);
	alarm(PATIENCE);
	execvp(words[0], (char *const *)words);
	_exit(127);
}

/* Up to the end, or as long as there is patience: a wrapper may have left somebody behind who keeps
 * the pipe open. */
static char *read_all(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	time_t end = time(NULL) + PATIENCE;
	char *text = mem_alloc(1);
	size_t have = 0;
	ssize_t n = 1;

	while (n > 0 && time(NULL) <= end) {
		if (poll(&p, 1, 1000) <= 0)
			continue;
		text = mem_grow(text, have + 4097);
		n = read(fd, text + have, 4096);
		have += n > 0 ? (size_t)n : 0;
	}
	text[have] = 0;
	return text;
}

char *ask_program(const char *const words[], int *status)
{
	int out[2], raw = -1;
	char *text;
	pid_t pid;

	*status = -1;
	if (pipe(out) < 0)
		return str_dup("");
	pid = fork();
	if (pid == 0) {
		close(out[0]);
		become(words, out[1]);
	}
	close(out[1]);
	text = read_all(out[0]);
	close(out[0]);
	if (pid > 0 && waitpid(pid, &raw, 0) == pid && WIFEXITED(raw))
		*status = WEXITSTATUS(raw);
	return text;
}

unsigned ask_qemu_version(const char *qemu, char **text)
{
	const char *const words[] = {qemu, "--version", NULL};
	unsigned major = 0, minor = 0;
	int status;
	char *line = ask_program(words, &status), *at;

	line[strcspn(line, "\n")] = 0;
	at = strstr(line, "version ");
	if (!at || sscanf(at, "version %u.%u", &major, &minor) != 2) {
		free(line);
		line = NULL;
		major = minor = 0;
	}
	if (text)
		*text = line;
	else
		free(line);
	return major * 100 + minor;
}

/* name,help by an option that prints the properties of what is named. */
static bool has_help(const char *qemu, const char *option, const char *name)
{
	char *value = str("%s,help", name);
	const char *const words[] = {qemu, option, value, NULL};
	int status;

	free(ask_program(words, &status));
	free(value);
	return status == 0;
}

bool ask_qemu_object(const char *qemu, const char *type)
{
	return has_help(qemu, "-object", type);
}

bool ask_qemu_device(const char *qemu, const char *device)
{
	return has_help(qemu, "-device", device);
}

/* QEMU lists its machine's properties in one place, the words of -machine that are none of them in
 * the other. */
bool ask_qemu_machine(const char *qemu, const char *option)
{
	const char *const properties[] = {qemu, "-machine", "q35,help", NULL};
	const char *const help[] = {qemu, "-h", NULL};
	char *wanted = str("%s=", option), *text;
	int status;
	bool found;

	text = ask_program(properties, &status);
	found = strstr(text, wanted);
	free(text);
	if (!found) {
		text = ask_program(help, &status);
		found = strstr(text, wanted);
		free(text);
	}
	free(wanted);
	return found;
}
