/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/core/exitcode.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/debug/debug.h"
#include "harness/repro/archive.h"
#include "harness/repro/pack.h"
#include "harness/repro/packed.h"
#include "harness/repro/recipe.h"

extern const char debug_machine[], debug_history[], debug_memory[], debug_server[],
	debug_commands[]; /* scripts.S */

/* Seconds without progress: a machine that a person looks at makes none. */
#define NO_LIMIT "86400"

static void add_option(json_t *words, const char *option, const char *value)
{
	json_array_append_new(words, json_string(option));
	json_array_append_new(words, json_string(value));
}

static void add_part(const struct packed *p, json_t *words, const char *option, const char *name)
{
	char *path = str("%s/files/%s", p->top, name);

	if (file_exists(path))
		add_option(words, option, path);
	free(path);
}

/* The words that make the run again. The archive's have been held against an allow list. */
static json_t *words(const struct debugging *d, const struct packed *p)
{
	const json_t *packed = json_object_get(p->manifest, "words");
	json_t *l = json_array();
	char *runs = str("%s/runs", p->folder);

	json_array_append_new(l, json_string(paths_self()));
	for (size_t i = 0; i < json_array_size(packed); i++)
		json_array_append(l, json_array_get(packed, i));
	add_part(p, l, "--monitor", "monitor");
	add_part(p, l, "--igvm", "igvm");
	add_part(p, l, "--disk", "disk");
	if (repro_firmware(p->manifest)) {
		add_part(p, l, "--kernel", "kernel");
		add_part(p, l, "--initrd", "initrd");
	}
	add_option(l, "--qemu", d->qemu);
	add_option(l, "--runs", runs);
	add_option(l, "--timeout", NO_LIMIT);
	free(runs);
	return l;
}

/* path is taken over. Where nothing lies there, gdb says that it has no symbols. */
static void add_image(json_t *images, const char *name, char *path)
{
	if (file_exists(path))
		json_object_set_new(images, name, json_string(path));
	free(path);
}

/* The SVSM is in the archive, with its symbols; those of the monitor and the service are this
 * build's, and gdb's script compares the monitor with the one of the run. */
static json_t *images(const struct debugging *d, const struct packed *p)
{
	json_t *l = json_object();

	add_image(l, "monitor-run", str("%s/files/monitor", p->top));
	add_image(l, "svsm", str("%s/files/svsm", p->top));
	add_image(l, "monitor", paths_in_build("monitor.elf"));
	add_image(l, "service", paths_in_build("services/vtpm.debug"));
	if (d->vmlinux)
		add_image(l, "kernel", str_dup(d->vmlinux));
	return l;
}

static bool write_one(const struct packed *p, const char *name, const char *text)
{
	char *path = str("%s/%s", p->folder, name);
	bool ok = output_file(path, text);

	free(path);
	return ok;
}

static bool write_scripts(const struct debugging *d, const struct packed *p)
{
	json_t *all = json_pack("{s:o,s:o}", "words", words(d, p), "images", images(d, p));
	char *text = json_dumps(all, JSON_INDENT(1));
	bool ok = write_one(p, "machine.py", debug_machine) &&
		  write_one(p, "history.py", debug_history) &&
		  write_one(p, "memory.py", debug_memory) &&
		  write_one(p, "server.py", debug_server) &&
		  write_one(p, "commands.py", debug_commands) && write_one(p, "debug.json", text);

	free(text);
	json_decref(all);
	return ok;
}

/* Ctrl-C is gdb's. */
static int start_gdb(const struct debugging *d, const struct packed *p)
{
	struct strlist l = {0};
	int status;

	strlist_add(&l, d->gdb);
	strlist_add(&l, "-q");
	strlist_add(&l, "-nx");
	strlist_add(&l, "-x");
	strlist_addf(&l, "%s/commands.py", p->folder);
	for (int i = 0; i < d->more; i++)
		strlist_add(&l, d->words[i]);
	signal(SIGINT, SIG_IGN);
	status = archive_run(&l);
	strlist_free(&l);
	return status;
}

static bool is_there(const char *program)
{
	char *test = str("command -v '%s' >/dev/null", program);
	bool ok = !strchr(program, '\'') && system(test) == 0;

	free(test);
	return ok;
}

static bool has_programs(const struct debugging *d)
{
	if (!is_there(d->gdb)) {
		problem("%s is not there: install gdb (Debian: gdb), or name one by --gdb", d->gdb);
		return false;
	}
	if (!is_there("python3")) {
		problem("python3 is not there: install it (Debian: python3)");
		return false;
	}
	return true;
}

/* A run's folder becomes a file first: NULL: it cannot. */
static char *packed_file(const struct debugging *d)
{
	struct stat st;
	char *file;

	if (stat(d->file, &st) < 0 || !S_ISDIR(st.st_mode))
		return str_dup(d->file);
	file = str("%s/debug.repro", d->file);
	if (repro_pack(4, (char *[]){"pack", "-o", file, (char *)d->file, NULL}) == CODE_PASSED)
		return file;
	free(file);
	return NULL;
}

int debug_run(const struct debugging *d)
{
	struct packed p = {0};
	int code = CODE_HOST;
	char *file;

	if (!has_programs(d))
		return code;
	file = packed_file(d);
	if (file && packed_open(&p, file) && write_scripts(d, &p))
		code = start_gdb(d, &p);
	if (file)
		packed_close(&p);
	free(file);
	return code;
}
