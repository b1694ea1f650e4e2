/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
/*
 * The boot cache: what is part of a machine's key and what is not, and the folder of saved
 * machines.
 *
 * sources: harness/qemu/identity.c harness/bootcache/key.c harness/bootcache/store.c harness/core/util.c harness/core/paths.c
 * sources: harness/core/output.c harness/core/exitcode.c launch/profiles/words.c launch/profiles/profile.c
 * sources: launch/profiles/native.c launch/profiles/plain.c launch/profiles/snp.c launch/profiles/tdx.c
 * sources: launch/profiles/ask.c launch/profiles/checks.c launch/profiles/host.c launch/profiles/host_checks.c
 * sources: launch/profiles/snp_host.c
 * libs: -lcrypto -ljansson
 */
#include "tests/native/check.h"
#include "harness/bootcache/key.h"
#include "harness/bootcache/store.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The session's part of a command line: what it names lies in the run's folder. */
void session_command(const struct session_setup *setup, const struct session_fds *fds,
		     struct strlist *argv)
{
	struct launch l = setup->launch;
	char *log = str("%s/log", setup->folder);

	l.console_log = l.svsm_log = l.monitor_log = l.control = log;
	l.qmp_fd = fds->qmp;
	l.quiesce_fd = setup->quiesce ? fds->quiesce : 0;
	setup->profile->command(&l, argv);
	free(log);
}

static char *folder(void)
{
	static bool begun;
	char *path = str_dup("/tmp/keelson-unit-XXXXXX");

	if (!begun)
		paths_init();
	begun = true;
	CHECK(mkdtemp(path) != NULL);
	return path;
}

static void clean(char *path)
{
	char *command = str("rm -rf %s", path);

	CHECK_EQ(system(command), 0);
	free(command);
	free(path);
}

/* dir/name with that text (malloc'ed). */
static char *file(const char *dir, const char *name, const char *text)
{
	char *path = str("%s/%s", dir, name);

	CHECK(output_file(path, text));
	return path;
}

/* ---- the key ---- */

static const char *dir;

static struct session_setup machine(void)
{
	struct session_setup s = {.profile = &profile_native, .folder = "here", .quiesce = true};

	s.launch = (struct launch){
		.name = "one",
		.qemu = file(dir, "qemu", "#!/bin/sh\necho QEMU emulator version 7.2.0\n"),
		.monitor = file(dir, "monitor", "monitor"),
		.igvm = file(dir, "igvm", "image"),
		.options = "quiesce",
		.smp = 2,
		.icount = -1,
		.mem = 512,
	};
	CHECK_EQ(chmod(s.launch.qemu, 0755), 0);
	return s;
}

static void machine_free(struct session_setup *s)
{
	free((char *)s->launch.qemu);
	free((char *)s->launch.monitor);
	free((char *)s->launch.igvm);
}

/* The machine's key. The other's is compared with it, and freed. */
static char *own;

static bool same(const struct session_setup *s)
{
	char *key = bootcache_key(s);
	bool is = CHECK(key) && strcmp(key, own) == 0;

	free(key);
	return is;
}

/* Its contents count: with others the key is another one, and with its own the same again. */
static void check_file(const struct session_setup *s, const char *path)
{
	char *text = file_text(path, NULL), *more = str("%s ", text);

	CHECK(output_file(path, more) && chmod(path, 0755) == 0);
	CHECK(!same(s));
	CHECK(output_file(path, text) && chmod(path, 0755) == 0);
	CHECK(same(s));
	free(text);
	free(more);
}

TEST(key_is_the_machine)
{
	char *tmp = folder(), *text;
	struct session_setup s, t;

	dir = tmp;
	s = machine();
	own = bootcache_key(&s);
	CHECK(own && strlen(own) == 64);
	CHECK(same(&s));
	text = bootcache_key_text(&s);
	CHECK(strstr(text, "QEMU emulator version 7.2.0\n") && strstr(text, "\nhost "));
	free(text);

	check_file(&s, s.launch.monitor);
	check_file(&s, s.launch.igvm);
	check_file(&s, s.launch.qemu);
	t = s, t.launch.smp = 3;
	CHECK(!same(&t));
	t = s, t.launch.mem = 768;
	CHECK(!same(&t));
	t = s, t.launch.options = "quiesce stats";
	CHECK(!same(&t));
	t = s, t.launch.service_cpus = 1;
	CHECK(!same(&t));
	t = s, t.launch.device = "edu";
	CHECK(!same(&t));

	free(own);
	machine_free(&s);
	clean(tmp);
}

/* What only this run is called changes nothing, and neither does who asks. */
TEST(key_is_not_the_run)
{
	char *tmp = folder(), *other;
	struct session_setup s, t;

	dir = tmp;
	s = machine();
	own = bootcache_key(&s);
	t = s, t.launch.name = "two", t.folder = "there", t.timeout = 9;
	CHECK(same(&t));
	t.launch.state = "/some/state";
	CHECK(same(&t));
	other = file(tmp, "igvm2", "image");
	t.launch.igvm = other;
	CHECK(same(&t));

	unlink(other);
	CHECK(bootcache_key(&t) == NULL);
	free(other);
	free(own);
	machine_free(&s);
	clean(tmp);
}

/* ---- the folder ---- */

static bool keep(const char *store, const char *key, const char *state, int64_t most)
{
	char *new = store_begin(store);
	json_t *facts = json_pack("{s:s}", "of", key);
	bool ok = CHECK(new);

	free(file(new, "state", state));
	ok = ok && store_keep(store, new, key, facts, most);
	json_decref(facts);
	return ok;
}

static bool there(const char *store, const char *key)
{
	char *path = str("%s/%s", store, key);
	bool is = file_exists(path);

	free(path);
	return is;
}

static bool found(const char *store, const char *key)
{
	struct store_entry e;
	bool is = store_find(&e, store, key);

	if (is) {
		const char *of = json_string_value(json_object_get(e.facts, "of"));

		CHECK(of && strcmp(of, key) == 0);
		store_entry_free(&e);
	}
	return is;
}

TEST(store_gives_back_what_was_kept)
{
	char *tmp = folder(), *store = str("%s/cache", tmp);

	CHECK(!found(store, "a"));
	CHECK(keep(store, "a", "one", 1000));
	CHECK(keep(store, "b", "two", 1000));
	CHECK(found(store, "a") && found(store, "b"));
	CHECK(!keep(store, "a", "other", 1000)); /* somebody else was faster */
	CHECK(found(store, "a"));
	free(store);
	clean(tmp);
}

static void spoil(const char *store, const char *name, const char *text)
{
	char *path = str("%s/a/%s", store, name);

	CHECK(keep(store, "a", "one", 1000));
	if (text)
		CHECK(output_file(path, text));
	else
		CHECK_EQ(unlink(path), 0);
	CHECK(!found(store, "a") && !there(store, "a"));
	free(path);
}

TEST(store_refuses_what_is_spoilt)
{
	char *tmp = folder(), *store = str("%s/cache", tmp), *from, *to;

	spoil(store, "state", "onE");
	spoil(store, "state", "");
	spoil(store, "state", NULL);
	spoil(store, "boot.json", "{");
	spoil(store, "boot.json", "{}");
	spoil(store, "boot.json", NULL);

	/* of another key: somebody has copied it */
	CHECK(keep(store, "b", "one", 1000));
	from = str("%s/b", store);
	to = str("%s/a", store);
	CHECK_EQ(rename(from, to), 0);
	CHECK(!found(store, "a") && !there(store, "a"));
	free(from);
	free(to);
	free(store);
	clean(tmp);
}

/* The second of a snapshot's last use. */
static void used_at(const char *store, const char *key, time_t when)
{
	struct timespec t[2] = {{.tv_sec = when}, {.tv_sec = when}};
	char *path = str("%s/%s/boot.json", store, key);

	CHECK_EQ(utimensat(AT_FDCWD, path, t, 0), 0);
	free(path);
}

TEST(store_forgets_the_oldest)
{
	static char big[2001];
	char *tmp = folder(), *store = str("%s/cache", tmp);
	struct store_entry held;

	memset(big, 'x', sizeof(big) - 1);
	CHECK(keep(store, "a", big, 1 << 20) && keep(store, "b", big, 1 << 20) &&
	      keep(store, "c", big, 1 << 20));
	used_at(store, "a", 1000);
	used_at(store, "b", 2000);
	used_at(store, "c", 3000);
	CHECK(found(store, "a")); /* it is the newest now, and b the oldest */
	CHECK(keep(store, "d", big, 7500));
	CHECK(!there(store, "b") && there(store, "a") && there(store, "c") && there(store, "d"));

	/* one that is being loaded stays, whatever its age */
	CHECK(store_find(&held, store, "c"));
	used_at(store, "c", 1000);
	CHECK(keep(store, "e", big, 5000));
	CHECK(there(store, "c") && there(store, "e") && !there(store, "a"));
	store_entry_free(&held);
	free(store);
	clean(tmp);
}

TEST(store_drops_what_was_left_behind)
{
	struct timespec t[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	char *tmp = folder(), *store = str("%s/cache", tmp), *old, *young;

	CHECK_EQ(mkdir(store, 0777), 0);
	old = store_begin(store);
	young = store_begin(store);
	free(file(old, "state", "half"));
	CHECK_EQ(utimensat(AT_FDCWD, old, t, 0), 0);
	CHECK(keep(store, "a", "one", 1000));
	CHECK(!file_exists(old) && file_exists(young));
	store_drop(young);
	free(old);

	/* a key's whose boot.json is gone takes room, and is found by nobody who looks for another
	 */
	CHECK(keep(store, "b", "two", 1000));
	old = str("%s/b/boot.json", store);
	CHECK_EQ(unlink(old), 0);
	free(old);
	CHECK(keep(store, "c", "three", 1000));
	CHECK(there(store, "b")); /* it may be about to be taken away by somebody */
	old = str("%s/b", store);
	CHECK_EQ(utimensat(AT_FDCWD, old, t, 0), 0);
	free(old);
	CHECK(keep(store, "d", "four", 1000));
	CHECK(!there(store, "b") && there(store, "a") && there(store, "c") && there(store, "d"));
	free(store);
	clean(tmp);
}

#define ROUNDS 300

/* Keeps one again and again, each of which goes at once unless somebody holds it. */
static pid_t another_program(const char *store)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (unsigned i = 0; i < ROUNDS; i++) {
		keep(store, "a", "one", 0);
		keep(store, "b", "two", 0);
	}
	_exit(0);
}

static void hold(const char *store)
{
	struct store_entry e;
	char *state, *text;

	if (!store_find(&e, store, "a"))
		return;
	state = str("%s/state", e.folder);
	text = file_text(state, NULL);
	CHECK(text && strcmp(text, "one") == 0);
	free(text);
	free(state);
	store_entry_free(&e);
}

/* What another program takes away while this one looks is not there: it is neither spoilt nor half
 * of it. */
TEST(store_is_shared_by_two_programs)
{
	char *tmp = folder(), *store = str("%s/cache", tmp), *said = str("%s/said", tmp), *text;
	int out = open(said, O_RDWR | O_CREAT, 0666), err = dup(2);
	pid_t pid;

	CHECK(out >= 0 && dup2(out, 2) == 2);
	pid = another_program(store);
	while (waitpid(pid, NULL, WNOHANG) == 0)
		hold(store);
	CHECK_EQ(dup2(err, 2), 2);
	text = file_text(said, NULL);
	CHECK_STR(text, "");
	close(out);
	close(err);
	free(text);
	free(said);
	free(store);
	clean(tmp);
}
