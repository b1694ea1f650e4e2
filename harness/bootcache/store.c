/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/bootcache/store.h"
#include "harness/core/paths.h"

#define STATE      "state"
#define WHAT       "boot.json"
#define NEW        "new-"
#define NEW_MOST_S 3600 /* a folder that nobody has completed for so long was left behind */

static char *file_in(const char *folder, const char *name)
{
	return str("%s/%s", folder, name);
}

/* A folder of files, with all that is in it. */
static void remove_folder(const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *e; d && (e = readdir(d));) {
		char *path = file_in(folder, e->d_name);

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
}

/* Nobody finds a half of it: it leaves its name at once, for one that is no snapshot's. */
static void take_away(const char *folder)
{
	char *away = str("%.*s/" NEW "XXXXXX", (int)(strrchr(folder, '/') - folder), folder);

	if (!mkdtemp(away)) /* the disk is full, and this is what makes room */
		remove_folder(folder);
	else if (rename(folder, away) == 0)
		remove_folder(away);
	else /* somebody else was faster */
		rmdir(away);
	free(away);
}

/* What was opened still has this name: another program may have taken it away since, and a third
 * one put its own there. */
static bool is_at(int fd, const char *path)
{
	struct stat opened, now;

	return fstat(fd, &opened) == 0 && stat(path, &now) == 0 && opened.st_dev == now.st_dev &&
	       opened.st_ino == now.st_ino;
}

/* Nobody else holds it: then it goes. Of two that held it and both want it gone the last one finds
 * it free, since who wants a lock for itself gives up the shared one first (flock(2)). */
static void remove_entry(const char *folder, int lock)
{
	char *what = file_in(folder, WHAT);

	if (lock < 0 || (flock(lock, LOCK_EX | LOCK_NB) == 0 && is_at(lock, what)))
		take_away(folder);
	free(what);
}

/* ---- one that is there ---- */

static bool has(const json_t *what, const char *name, const char *value)
{
	const char *is = json_string_value(json_object_get(what, name));

	return is && strcmp(is, value) == 0;
}

/* NULL, or what is wrong with the folder. */
static const char *judge(const struct store_entry *e, const json_t *what, const char *key)
{
	char *state = file_in(e->folder, STATE), hex[65];
	const char *wrong = NULL;

	if (!has(what, "key", key))
		wrong = "its boot.json is not that of this key";
	else if (!json_is_object(json_object_get(what, "facts")))
		wrong = "its boot.json lacks the facts of the boot";
	else if (!file_sha256(state, hex) || !has(what, "sha256", hex))
		wrong = "its state is not what was saved";
	free(state);
	return wrong;
}

void store_refuse(struct store_entry *e, const char *why)
{
	problem("boot cache: %s: %s; it is removed, and the machine boots", paths_short(e->folder),
		why);
	remove_entry(e->folder, e->lock);
	store_entry_free(e);
}

/* False: it is not there. The lock is -1 where boot.json is missing: who takes a folder away
 * renames it before he empties it. */
static bool take_hold(struct store_entry *e)
{
	int folder = open(e->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool there;

	if (folder < 0)
		return false;
	e->lock = openat(folder, WHAT, O_RDONLY | O_CLOEXEC);
	if (e->lock >= 0)
		flock(e->lock, LOCK_SH);
	there = is_at(folder, e->folder);
	close(folder);
	return there;
}

bool store_find(struct store_entry *e, const char *dir, const char *key)
{
	char *path;
	json_t *what;
	const char *wrong;

	*e = (struct store_entry){.folder = file_in(dir, key), .lock = -1};
	if (!take_hold(e)) {
		store_entry_free(e);
		return false;
	}
	path = file_in(e->folder, WHAT);
	what = json_load_file(path, 0, NULL);
	wrong = judge(e, what, key);
	if (!wrong) {
		e->facts = json_incref(json_object_get(what, "facts"));
		utimensat(AT_FDCWD, path, NULL, 0);
	}
	json_decref(what);
	free(path);
	if (wrong)
		store_refuse(e, wrong);
	return !wrong;
}

void store_entry_free(struct store_entry *e)
{
	if (e->lock >= 0)
		close(e->lock);
	json_decref(e->facts);
	free(e->folder);
	*e = (struct store_entry){.lock = -1};
}

/* ---- a new one ---- */

char *store_begin(const char *dir)
{
	char *folder;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return NULL;
	folder = str("%s/" NEW "XXXXXX", dir);
	if (mkdtemp(folder))
		return folder;
	free(folder);
	return NULL;
}

void store_drop(char *folder)
{
	remove_folder(folder);
	free(folder);
}

struct old {
	char *folder;
	int64_t size;
	struct timespec used;
};

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old *)a)->used;
	const struct timespec *y = &((const struct old *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return x->tv_nsec < y->tv_nsec ? 1 : x->tv_nsec > y->tv_nsec ? -1 : 0;
}

static int64_t folder_size(const char *folder)
{
	DIR *d = opendir(folder);
	int64_t sum = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		char *path = file_in(folder, e->d_name);

		sum += *e->d_name == '.' ? 0 : MAX(file_size(path), 0);
		free(path);
	}
	if (d)
		closedir(d);
	return sum;
}

static void remove_unused(const char *folder)
{
	char *what = file_in(folder, WHAT);
	int fd = open(what, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		remove_entry(folder, fd);
		close(fd);
	}
	free(what);
}

static bool is_new(const char *name)
{
	return strncmp(name, NEW, strlen(NEW)) == 0;
}

/* A folder of a key's that nobody finds a snapshot in: whoever loads one has opened its boot.json,
 * and one gets its name together with that file. */
static bool is_spoilt(const char *folder, const char *name)
{
	char *what = file_in(folder, WHAT);
	bool spoilt = *name != '.' && !is_new(name) && !file_exists(what);

	free(what);
	return spoilt;
}

/* What no run has completed, since it was killed, and what is none of a snapshot, for so long that
 * nobody is about to do anything with it. */
static bool left_behind(const char *folder, const char *name)
{
	struct stat st;

	return (is_new(name) || is_spoilt(folder, name)) && stat(folder, &st) == 0 &&
	       S_ISDIR(st.st_mode) && time(NULL) - st.st_mtime > NEW_MOST_S;
}

/* The snapshots in dir, the one used last first. */
static struct old *list(const char *dir, size_t *n)
{
	struct old *all = NULL;
	DIR *d = opendir(dir);

	*n = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		char *folder = file_in(dir, e->d_name), *what = file_in(folder, WHAT);
		struct stat st;

		if (left_behind(folder, e->d_name))
			remove_folder(folder);
		if (*e->d_name != '.' && !is_new(e->d_name) && stat(what, &st) == 0) {
			all = mem_grow(all, (*n + 1) * sizeof(*all));
			all[(*n)++] =
				(struct old){str_dup(folder), folder_size(folder), st.st_mtim};
		}
		free(folder);
		free(what);
	}
	if (d)
		closedir(d);
	if (*n)
		qsort(all, *n, sizeof(*all), by_use);
	return all;
}

static void make_room(const char *dir, int64_t most)
{
	size_t n;
	struct old *all = list(dir, &n);
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += all[i].size;
		if (sum > most)
			remove_unused(all[i].folder);
		free(all[i].folder);
	}
	free(all);
}

static bool describe(const char *folder, const char *key, json_t *facts)
{
	char *path = file_in(folder, WHAT), *state = file_in(folder, STATE), hex[65];
	bool ok = file_sha256(state, hex);
	json_t *what =
		ok ? json_pack("{s:s, s:s, s:O}", "key", key, "sha256", hex, "facts", facts) : NULL;

	ok = ok && json_dump_file(what, path, JSON_INDENT(2)) == 0;
	json_decref(what);
	free(path);
	free(state);
	return ok;
}

/* rename() does not replace a folder with files in it. */
bool store_keep(const char *dir, char *folder, const char *key, json_t *facts, int64_t most)
{
	char *to = file_in(dir, key);
	bool ok = describe(folder, key, facts) && rename(folder, to) == 0;

	free(to);
	if (!ok) {
		store_drop(folder);
		return false;
	}
	free(folder);
	make_room(dir, most);
	return true;
}
