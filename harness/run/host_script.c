/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * Writes scripts: the contract is in host_script.h. A target hears nothing else, so what it may ask
 * the host for is answered beforehand, as far as the answer cannot change while it runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/machine.h"
#include "harness/run/given.h"
#include "harness/run/host_script.h"
#include "harness/run/make_igvm.h"
#include "lib/script/script.h"

#define DISK_SECTOR 512

struct text {
	char *bytes;
	size_t size;
	FILE *f;
};

static void begin(struct text *t)
{
	t->f = open_memstream(&t->bytes, &t->size);
	if (!t->f)
		exit(CODE_HOST);
}

/* BYE is what comes at the end anyway; it stands there for people. */
static char *end(struct text *t)
{
	fputs("BYE\n", t->f);
	fclose(t->f);
	return t->bytes;
}

/* One word of a line: a newline would end it. */
static void put(const struct text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '\n')
			fputc('\\', t->f);
		fputc(*s == '\n' ? 'n' : *s, t->f);
	}
}

static void line(const struct text *t, const char *word, const char *payload)
{
	fprintf(t->f, "%s ", word);
	put(t, payload);
	fputc('\n', t->f);
}

/* All that a target could ask for and gets the same answer to whenever it asks; not so a disk's
 * sum, which it may change. */
static void answers(const struct text *t, const struct session_setup *setup)
{
	fputs("ANSWER platform=", t->f);
	put(t, setup->profile->name);
	fputc('\n', t->f);
}

char *host_script_run(const struct options *o, const char *payload)
{
	struct text t;

	begin(&t);
	if (payload)
		line(&t, "EXEC", payload);
	for (size_t i = 0; i < o->exec.n; i++)
		line(&t, "EXEC", o->exec.v[i]);
	return end(&t);
}

char *host_script_tests(const struct session_setup *setup, const struct strlist *patterns)
{
	struct text t;

	begin(&t);
	answers(&t, setup);
	fputs("LIST\nRUN ", t.f);
	if (!patterns->n)
		fputc('*', t.f);
	for (size_t i = 0; i < patterns->n; i++) {
		if (i)
			fputc('\t', t.f);
		put(&t, patterns->v[i]);
	}
	fputc('\n', t.f);
	return end(&t);
}

char *host_script_rest(const struct session_setup *setup, const struct talk_list *l, size_t n)
{
	struct text t;

	begin(&t);
	answers(&t, setup);
	for (; n < l->n; n++)
		line(&t, "RUN", l->v[n].name);
	return end(&t);
}

char *host_script_list(void)
{
	struct text t;

	begin(&t);
	fputs("LIST\n", t.f);
	return end(&t);
}

char *host_script_nothing(void)
{
	struct text t;

	begin(&t);
	return end(&t);
}

char *host_script_refuse(const struct suite *s, const struct options *o)
{
	struct stat disk;

	if (!o->deterministic)
		return NULL;
	if (strcmp(o->platform, "native") != 0)
		return str("--deterministic is for platform native: %s runs in the host's time",
			   o->platform);
	if (o->shell)
		return str("--deterministic hears nothing from the host: no --shell");
	if (o->kdump)
		return str("--deterministic has no crash kernel: no --kdump");
	if (o->disk && stat(o->disk, &disk) == 0 &&
	    (!S_ISREG(disk.st_mode) || !disk.st_size || disk.st_size % DISK_SECTOR))
		return str("--deterministic takes a disk of whole sectors of 512 bytes in a file: "
			   "%s is none",
			   o->disk);
	if (o->disk && stat(o->disk, &disk) == 0 && (uint64_t)disk.st_size > MACHINE_FW_DISK_MOST)
		return str("--deterministic takes a disk of less than 4 GiB: %s is larger",
			   o->disk);
	if (s->kind == SUITE_LINUX && !o->no_agent && given_brings_its_guest(o) &&
	    !make_igvm_says(o, "keelson.script"))
		return str("--igvm: the kernel's command line in %s lacks the word keelson.script",
			   o->igvm);
	return NULL;
}

char *host_script_too_long(const char *script)
{
	size_t n = strlen(script);

	return n < SCRIPT_MAX ? NULL
			      : str("--deterministic has room for %u bytes of what is said to the "
				    "target, and this is %zu",
				    SCRIPT_MAX - 1, n);
}

bool host_script_can_say(const char *pattern)
{
	return !strpbrk(pattern, "[\\\t\n");
}
