/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <limits.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/bootcache/key.h"

/* Of what a snapshot's folder holds, and of the dialogue that loads it. */
#define FORMAT 1

struct text {
	char *all;
	size_t size;
	FILE *f;
	bool whole; /* every file could be read */
};

/* The file's contents stand for it, whatever it is called. NULL: there is none. */
static char *contents(struct text *t, const char *what, const char *path)
{
	char hex[65];

	if (!path)
		return NULL;
	if (!file_sha256(path, hex)) {
		t->whole = false;
		return str_dup("");
	}
	return str("%s:%s", what, hex);
}

static void add_file(struct text *t, const char *what, const char *path)
{
	char *line = contents(t, what, path);

	fprintf(t->f, "%s\n", line);
	free(line);
}

/* As execvp() finds it (malloc'ed); NULL: nowhere. */
static char *program(const char *name)
{
	const char *path = getenv("PATH");
	char *copy = str_dup(path ? path : "/usr/bin:/bin"), *save = NULL, *found = NULL;

	if (strchr(name, '/'))
		found = str_dup(name);
	for (char *dir = strtok_r(copy, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		found = str("%s/%s", dir, name);
		if (access(found, X_OK) == 0)
			continue;
		free(found);
		found = NULL;
	}
	free(copy);
	return found;
}

/* What a program writes to stdout (malloc'ed); "" when it does not run. */
static char *output_of(const char *const *words)
{
	char *text = NULL, buf[4096];
	size_t size = 0, n;
	FILE *all = open_memstream(&text, &size), *f;
	int out[2];
	pid_t pid;

	if (pipe(out) < 0)
		return fclose(all), text;
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execvp(words[0], (char **)words);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, all);
	if (f)
		fclose(f);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	fclose(all);
	return text;
}

/* SeaBIOS, its loader of -kernel, and the ROM that every x86 machine has: QEMU 7.2, hw/i386/x86.c,
 * hw/i386/multiboot.c, hw/i386/kvmvapic.c. Of several folders the first one counts, and so each
 * file of each. */
static void add_roms(struct text *t, const char *qemu)
{
	static const char *const roms[] = {"bios-256k.bin", "multiboot_dma.bin", "multiboot.bin",
					   "kvmvapic.bin"};
	char *dirs = output_of((const char *[]){qemu, "-L", "help", NULL}), *save = NULL;

	for (char *dir = strtok_r(dirs, "\n", &save); dir; dir = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < ARRAY_LEN(roms); i++) {
			char *path = str("%s/%s", dir, roms[i]);

			if (file_exists(path))
				add_file(t, roms[i], path);
			free(path);
		}
	free(dirs);
}

static void add_qemu(struct text *t, const char *qemu)
{
	char *path = program(qemu);
	char *version = output_of((const char *[]){qemu, "--version", NULL});

	add_file(t, "qemu", path ? path : qemu);
	fprintf(t->f, "%s", version);
	add_roms(t, qemu);
	free(path);
	free(version);
}

/* A TSC of another start of the host, or of another host, has another value and perhaps rate. */
static void add_host(struct text *t)
{
	char *boot = file_text("/proc/sys/kernel/random/boot_id", NULL);

	fprintf(t->f, "host %s", boot ? boot : "\n");
	free(boot);
}

/* QEMU's words with the files' contents in them: of all that is named by a path only the logs and
 * FIFOs are left, which are this run's and no part of the machine. */
static void add_command(struct text *t, const struct session_setup *given)
{
	struct session_setup setup = *given;
	struct launch *l = &setup.launch;
	struct strlist argv = {0};
	char *monitor = contents(t, "monitor", l->monitor);
	char *igvm = contents(t, "igvm", l->igvm), *disk = contents(t, "disk", l->disk);

	setup.folder = "RUN";
	setup.terminal = NULL;
	l->qemu = "qemu";
	l->name = "";
	l->monitor = monitor;
	l->igvm = igvm;
	l->disk = disk;
	l->state = NULL;
	session_command(&setup, &(struct session_fds){3, 4}, &argv);
	for (size_t i = 0; i < argv.n; i++)
		fprintf(t->f, "%s\n", argv.v[i]);
	strlist_free(&argv);
	free(monitor);
	free(igvm);
	free(disk);
}

char *bootcache_key_text(const struct session_setup *setup)
{
	struct text t = {.whole = true};

	t.f = open_memstream(&t.all, &t.size);
	fprintf(t.f, "format %d\n", FORMAT);
	add_host(&t);
	add_qemu(&t, setup->launch.qemu);
	add_command(&t, setup);
	fclose(t.f);
	if (t.whole)
		return t.all;
	free(t.all);
	return NULL;
}

char *bootcache_key(const struct session_setup *setup)
{
	char *text = bootcache_key_text(setup), *hex = NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (text && EVP_Digest(text, strlen(text), digest, &n, EVP_sha256(), NULL)) {
		hex = mem_alloc(2 * n + 1);
		for (unsigned i = 0; i < n; i++)
			sprintf(hex + 2 * i, "%02x", digest[i]);
	}
	free(text);
	return hex;
}
