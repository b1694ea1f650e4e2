/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bootcache/key.h"
#include "harness/qemu/identity.h"

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

static void add_qemu(struct text *t, const char *qemu)
{
	char *identity = qemu_identity(qemu);

	t->whole &= identity != NULL;
	fprintf(t->f, "%s", identity ? identity : "");
	free(identity);
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
	session_command(&setup, &(struct session_fds){3, 4, 5}, &argv);
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
