/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * How long is a CPU of this guest not to be had while a command runs and its output leaves?
 * usage: held COMMAND [WORD...]. The command's output is this program's; stderr closes with a line
 * for each CPU, `held: CPU N: LONGEST us in WAKES wakes`, and `held: SECONDS s`. A command that
 * fails is this program's failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/gaps.h"

enum {
	LOOK_MS = 2 /* how exactly the end of the output is seen */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Its status, as a shell has it. */
static int run(char **words)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A pipe holds as much as a short command says: it has left only when the reader has taken it. */
static void wait_for_reader(void)
{
	int left;

	while (ioctl(STDOUT_FILENO, FIONREAD, &left) == 0 && left > 0)
		usleep(LOOK_MS * 1000);
}

int main(int argc, char **argv)
{
	static struct gaps result[GAPS_CPUS];
	double from;
	unsigned cpus;
	int code;

	if (argc < 2 || !gaps_start()) {
		fprintf(stderr, "held: no command, or no thread on each CPU\n");
		return 125;
	}
	from = now();
	code = run(argv + 1);
	wait_for_reader();
	from = now() - from;
	cpus = gaps_stop(result);
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		fprintf(stderr, "held: CPU %u: %llu us in %llu wakes\n", cpu,
			(unsigned long long)result[cpu].longest_ns / 1000,
			(unsigned long long)result[cpu].wakes);
	fprintf(stderr, "held: %.3f s\n", from);
	return code;
}
