/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/repro/archive.h"

char *archive_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = str("%s/keelson-repro-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *top;
	bool ok;

	if (!mkdtemp(folder)) {
		problem("%s cannot be made: %s", folder, strerror(errno));
		free(folder);
		return NULL;
	}
	top = str("%s/" REPRO_TOP, folder);
	ok = mkdir(top, 0777) == 0;
	free(top);
	if (ok)
		return folder;
	archive_remove(folder);
	return NULL;
}

int archive_run(const struct strlist *words)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execvp(words->v[0], words->v);
		problem("%s cannot be run: %s", words->v[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The program's exit status is 0. */
static bool run(const char *const words[])
{
	struct strlist list = {0};
	bool ok;

	for (size_t i = 0; words[i]; i++)
		strlist_add(&list, words[i]);
	ok = archive_run(&list) == 0;
	strlist_free(&list);
	return ok;
}

void archive_remove(char *folder)
{
	if (folder)
		run((const char *[]){"rm", "-rf", folder, NULL});
	free(folder);
}

bool archive_pack(const char *folder, const char *file)
{
	if (run((const char *[]){"tar", "--force-local", "-czf", file, "-C", folder, REPRO_TOP,
				 NULL}))
		return true;
	problem("%s cannot be written", file);
	return false;
}

bool archive_unpack(const char *file, const char *folder)
{
	if (run((const char *[]){"tar", "--force-local", "-xzf", file, "-C", folder,
				 "--no-same-owner", NULL}))
		return true;
	problem("%s is no file of `keelson repro pack`", file);
	return false;
}

bool archive_copy(const char *from, const char *to)
{
	if (run((const char *[]){"cp", "--", from, to, NULL}))
		return true;
	problem("%s cannot be copied to %s", from, to);
	return false;
}
