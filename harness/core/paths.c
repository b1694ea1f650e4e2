/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Where the files of this program lie. They are found from the program's own file and never from
 * the current folder, so a run can be started from anywhere, and a checkout's program takes the
 * checkout's images whatever is installed beside it. $KEELSON_ROOT overrides that for a program
 * that was copied elsewhere.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"

/* A root has this file, in a checkout and where `make install` put it. */
#define SUITES "launch/suites.cfg"

static char *self, *root, *build;

/*
 * The file of the running program (malloc'ed). Without /proc nothing here can work: it ends the
 * program.
 */
static char *own_file(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0) {
		problem("/proc/self/exe cannot be read: is /proc mounted?");
		exit(CODE_HOST);
	}
	exe[n] = 0;
	return str_dup(exe);
}

/* The folder that a file or folder lies in (malloc'ed); that of / is /. */
static char *folder_of(const char *path)
{
	char *folder = str_dup(path), *slash = strrchr(folder, '/');

	slash[slash == folder] = 0;
	return folder;
}

static bool has(const char *folder, const char *name)
{
	char *path = str("%s/%s", folder, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* An installed tree is root and build folder in one: the images lie right in it. */
static void take_environment(const char *env)
{
	root = realpath(env, NULL);
	if (!root) {
		problem("KEELSON_ROOT: no such folder: %s", env);
		exit(CODE_USAGE);
	}
	build = has(root, "svsm.elf") ? str_dup(root) : str("%s/build", root);
}

/* PREFIX/bin/keelson has PREFIX/lib/keelson; ROOT/build/keelson has ROOT, and goes first. */
static void take_own_place(void)
{
	char *folder = folder_of(self), *above = folder_of(folder);
	char *installed = str("%s/lib/keelson", *above && above[1] ? above : "");

	if (!has(above, SUITES) && has(installed, SUITES)) {
		root = str_dup(installed);
		build = str_dup(installed);
	} else {
		root = str_dup(above);
		build = str_dup(folder);
	}
	free(installed);
	free(above);
	free(folder);
}

/* Called first of all by main(): everything else asks for paths. */
void paths_init(void)
{
	const char *env = getenv("KEELSON_ROOT");

	self = own_file();
	if (env && *env)
		take_environment(env);
	else
		take_own_place();
}

const char *paths_self(void)
{
	return self;
}

const char *paths_root(void)
{
	return root;
}

bool paths_installed(void)
{
	return strcmp(root, build) == 0;
}

/* What is written as build/x lies in the build folder, whatever that is called. */
char *paths_in_root(const char *name)
{
	if (strncmp(name, "build/", 6) == 0)
		return paths_in_build(name + 6);
	return *name == '/' ? str_dup(name) : str("%s/%s", root, name);
}

char *paths_in_build(const char *name)
{
	return str("%s/%s", build, name);
}

/* The XDG Base Directory Specification has "logs, history" in $XDG_STATE_HOME, absolute paths only.
 */
char *paths_runs(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (!paths_installed())
		return paths_in_build("runs");
	if (state && *state == '/')
		return str("%s/keelson/runs", state);
	if (home && *home == '/')
		return str("%s/.local/state/keelson/runs", home);
	return str_dup("keelson-runs");
}

const char *paths_short(const char *path)
{
	size_t n = strlen(root);
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, root) != 0)
		return path;
	return strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}
