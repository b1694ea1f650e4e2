/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The folder of a run: its name, the pointer `latest`, and recreate.sh. The folder is made
 * before anything can fail, so that every run leaves one, with the reason in it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/report/runfolder.h"

/*
 * As mkdir -p. A folder that is there already is fine: the later steps find out whether it can
 * be written.
 */
static bool make_folders(const char *path)
{
	char *copy = str_dup(path);
	bool ok = true;

	for (char *p = copy + 1; ok && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
		*p = '/';
	}
	ok = ok && (mkdir(copy, 0777) == 0 || errno == EEXIST);
	if (!ok)
		problem("cannot make the folder %s: %s", path, strerror(errno));
	free(copy);
	return ok;
}

/*
 * A link is made beside it and renamed over it: `latest` is never missing, also when two runs
 * start at once.
 */
static void point_latest(const char *runs, const char *leaf)
{
	char *tmp = str("%s/.latest.%d", runs, (int)getpid());
	char *latest = str("%s/latest", runs);

	unlink(tmp);
	if (symlink(leaf, tmp) < 0 || rename(tmp, latest) < 0)
		problem("cannot point %s at %s: %s", latest, leaf, strerror(errno));
	unlink(tmp); /* of the one that could not be renamed */
	free(tmp);
	free(latest);
}

/*
 * The name holds time and pid, so that two runs at once do not meet. The path must be absolute,
 * because QEMU and the tools get it; one that was given relative can be resolved only when it
 * exists.
 */
bool runfolder_create(struct runfolder *r, const char *runs, const char *name)
{
	char *given = runs ? realpath(runs, NULL) : NULL;
	char *dir = given ? given : runs ? str_dup(runs) : paths_runs();
	char when[32], *leaf;
	time_t now = time(NULL);
	struct tm tm;
	bool ok;

	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	leaf = str("%s-%s-%d", name, when, (int)getpid());
	ok = make_folders(dir);
	if (ok && dir[0] != '/') {
		char *full = realpath(dir, NULL);

		free(dir);
		dir = full ? full : str_dup(".");
	}
	r->path = str("%s/%s", dir, leaf);
	ok = ok && make_folders(r->path);
	if (ok)
		point_latest(dir, leaf);
	free(leaf);
	free(dir);
	return ok;
}

bool runfolder_create_in(struct runfolder *r, const struct runfolder *outer, const char *name)
{
	r->path = str("%s/%s", outer->path, name);
	return make_folders(r->path);
}

char *runfolder_file(const struct runfolder *r, const char *name)
{
	return str("%s/%s", r->path, name);
}

/*
 * The first boot has the run folder itself, so that the usual run has its logs where people
 * look.
 */
char *runfolder_boot(const struct runfolder *r, unsigned n)
{
	char *path = n == 1 ? str_dup(r->path) : str("%s/boot%u", r->path, n);

	if (make_folders(path))
		return path;
	free(path);
	return NULL;
}

/* What of the environment decides what runs, as lines of a shell (malloc'ed). */
static char *environment(void)
{
	static const char *const names[] = {"QEMU", "KEELSON_ROOT"};
	char *all = str_dup("");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		struct strlist word = {0};
		char *quoted, *more;

		if (!value || !*value)
			continue;
		strlist_add(&word, value);
		quoted = strlist_shell(&word);
		more = str("%sexport %s=%s\n", all, names[i], quoted);
		strlist_free(&word);
		free(quoted);
		free(all);
		all = more;
	}
	return all;
}

/*
 * It goes back to the folder from which the run was started, because words of the command line
 * may be relative paths.
 */
bool runfolder_recreate(const struct runfolder *r, const struct strlist *words)
{
	struct strlist here = {0};
	char *path = runfolder_file(r, "recreate.sh");
	char *line = strlist_shell(words), *cd, *text, *cwd = getcwd(NULL, 0), *env = environment();
	bool ok;

	strlist_add(&here, cwd ? cwd : paths_root());
	cd = strlist_shell(&here);
	text = str("#!/bin/sh\n# Does this run again, in a new run folder.\n"
		   "%scd %s && exec %s \"$@\"\n",
		   env, cd, line);
	ok = output_file(path, text);
	if (ok && chmod(path, 0755) < 0) {
		output_lost(path, errno);
		ok = false;
	}
	free(text);
	free(env);
	free(cd);
	free(line);
	free(path);
	free(cwd);
	strlist_free(&here);
	return ok;
}
