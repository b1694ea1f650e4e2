/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where this program's own tree lies. It is found from the program's own file, not from the
 * current folder, so a run can be started from anywhere; $KEELSON_ROOT overrides that for a
 * program that was copied elsewhere.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"

static char *root, *build;

/*
 * The folder of the running program (malloc'ed). Without /proc nothing here can work: it ends
 * the program.
 */
static char *own_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n < 0) {
		problem("/proc/self/exe cannot be read: is /proc mounted?");
		exit(CODE_HOST);
	}
	exe[n] = 0;
	slash = strrchr(exe, '/');
	*slash = 0;
	return str_dup(exe);
}

/* Called first of all by main(): everything else asks for paths. */
void paths_init(void)
{
	const char *env = getenv("KEELSON_ROOT");
	char *slash;

	if (env && *env) {
		root = realpath(env, NULL);
		if (!root) {
			problem("KEELSON_ROOT: no such folder: %s", env);
			exit(CODE_USAGE);
		}
		build = str("%s/build", root);
		return;
	}
	build = own_folder();
	root = str_dup(build);
	slash = strrchr(root, '/');
	if (slash && slash != root)
		*slash = 0;
}

const char *paths_root(void)
{
	return root;
}

char *paths_in_root(const char *name)
{
	return *name == '/' ? str_dup(name) : str("%s/%s", root, name);
}

char *paths_in_build(const char *name)
{
	return str("%s/%s", build, name);
}

const char *paths_short(const char *path)
{
	size_t n = strlen(root);
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, root) != 0)
		return path;
	return strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}
