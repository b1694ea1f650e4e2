/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The kernel's figures of a process. The watch takes them once a second, so files of /proc are
 * cheap enough, even one a thread.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/session/effort.h"

/* The first bytes of a file of /proc as text; false when it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	fclose(f);
	text[n] = 0;
	return n > 0;
}

/*
 * Fields 3, 14 and 15 of /proc/PID/stat or a thread's: state, utime and stime in ticks. 0 when it
 * is gone.
 */
static char read_stat(const char *path, unsigned long *user, unsigned long *sys)
{
	char text[1024], state;
	const char *p;

	/* The name, field 2, may hold anything: start after its last ')'. */
	if (!read_text(path, text, sizeof(text)) || !(p = strrchr(text, ')')))
		return 0;
	if (sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state, user,
		   sys) != 3)
		return 0;
	return state;
}

static void take_process(struct effort *e, pid_t pid)
{
	unsigned long user = 0, sys = 0;
	char path[64], state;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	state = read_stat(path, &user, &sys);
	e->cpu_ms = (uint64_t)(user + sys) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	e->stopped = state == 'T' || state == 't';
}

/*
 * Fields 2 and 3 of a thread's schedstat: ns on a run queue, and how often it left one. The ns of a
 * wait are booked when it ends. Returns the ns.
 */
static uint64_t take_thread(struct effort *e, const char *tasks, const char *thread)
{
	unsigned long long waited = 0, turns = 0;
	unsigned long user, sys;
	char path[512], text[128];

	snprintf(path, sizeof(path), "%s/%s/stat", tasks, thread);
	e->ready |= read_stat(path, &user, &sys) == 'R';
	snprintf(path, sizeof(path), "%s/%s/schedstat", tasks, thread);
	if (!read_text(path, text, sizeof(text)) ||
	    sscanf(text, "%*u %llu %llu", &waited, &turns) != 2)
		return 0;
	e->turns += turns;
	return waited;
}

struct effort effort_of(pid_t pid)
{
	struct effort e = {0};
	struct dirent *d;
	char tasks[64];
	uint64_t ns = 0;
	DIR *dir;

	take_process(&e, pid);
	snprintf(tasks, sizeof(tasks), "/proc/%d/task", (int)pid);
	dir = opendir(tasks);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			ns += take_thread(&e, tasks, d->d_name);
	if (dir)
		closedir(dir);
	e.waited_ms = ns / 1000000;
	return e;
}
