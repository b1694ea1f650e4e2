/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * run.json: what ran, with what, and how it ended. It is saved after each step, so that a
 * harness that is killed leaves what it knew; an "exit" that is null then tells that it did not
 * get to the end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/qemu/identity.h"
#include "harness/run/record.h"
#include "launch/profiles/ask.h"

/* A path or a word of ours. One that is no UTF-8 has a '?' for each byte that is not ASCII. */
static json_t *word_json(const char *s)
{
	json_t *v = json_string(s);
	char *plain;

	if (v)
		return v;
	plain = str_ascii(str_dup(s));
	v = json_string(plain);
	free(plain);
	return v;
}

/* A command line as a list: no shell has to take it apart again. */
static json_t *words_json(const struct strlist *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, word_json(l->v[i]));
	return a;
}

/* The whole file each time, in the order in which people read it. */
char *record_text(const struct record *r)
{
	char *text = json_dumps(r->json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	char *line = str("%s\n", text ? text : "{}");

	free(text);
	return line;
}

static void save(const struct record *r)
{
	char *text = record_text(r);

	output_file(r->path, text);
	free(text);
}

/* The machine that ran it: times of two runs compare only on one. */
static json_t *host_json(void)
{
	struct utsname u = {0};

	uname(&u);
	return json_pack("{s:s, s:s, s:s}", "kernel", u.release, "machine", u.machine, "name",
			 u.nodename);
}

void record_open(struct record *r, const struct runfolder *folder, const char *name,
		 const struct strlist *words)
{
	time_t now = time(NULL);
	char when[40];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", localtime_r(&now, &tm));
	r->path = runfolder_file(folder, "run.json");
	r->from = now_ms();
	r->json = json_pack("{s:o, s:s, s:o, s:o, s:o, s:n}", "name", word_json(name), "started",
			    when, "command", words_json(words), "root", word_json(paths_root()),
			    "host", host_json(), "exit");
	save(r);
}

/* The file may be missing, which the run itself will complain of. */
static void add_hash(json_t *files, const char *what, const char *path)
{
	char hex[65];

	if (!path || !file_sha256(path, hex))
		return;
	json_object_set_new(files, what,
			    json_pack("{s:o, s:I, s:s}", "path", word_json(path), "size",
				      (json_int_t)file_size(path), "sha256", hex));
}

/* The file that follows an option among the builder's words. */
static const char *value_of(const struct strlist *words, const char *option)
{
	for (size_t i = 0; i + 1 < words->n; i++)
		if (strcmp(words->v[i], option) == 0)
			return words->v[i + 1];
	return NULL;
}

/* What a run that can be repeated depends on. Others are spared the time that it takes. */
static json_t *identity_json(const struct session_setup *setup)
{
	char *identity = setup->launch.deterministic ? qemu_identity(setup->launch.qemu) : NULL;
	json_t *v = identity ? word_json(identity) : json_null();

	free(identity);
	return v;
}

/* Hashes make sure later that two runs had the same inputs, or tell which one differed. */
void record_target(struct record *r, const struct suite *s, const struct session_setup *setup,
		   const struct strlist *igvm_words)
{
	static const char *const parts[] = {"svsm",   "firmware", "kernel",
					    "initrd", "bare",     "payload"};
	json_t *files = json_object();
	char *version = NULL;

	ask_qemu_version(setup->launch.qemu, &version);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *option = str("--%s", parts[i]);

		add_hash(files, parts[i], value_of(igvm_words, option));
		free(option);
	}
	add_hash(files, "igvm", setup->launch.igvm);
	add_hash(files, "kernel", setup->launch.guest_kernel);
	add_hash(files, "initrd", setup->launch.guest_initrd);
	if (setup->profile->native)
		add_hash(files, "monitor", setup->launch.monitor);
	if (setup->launch.deterministic) /* others write to it */
		add_hash(files, "disk", setup->launch.disk);
	json_object_set_new(r->json, "suite", json_string(s->name));
	json_object_set_new(r->json, "platform", json_string(setup->profile->name));
	json_object_set_new(r->json, "foreign_svsm", json_boolean(setup->foreign));
	json_object_set_new(r->json, "vcpus", json_integer(setup->launch.smp));
	json_object_set_new(r->json, "service_cpus", json_integer(setup->launch.service_cpus));
	json_object_set_new(r->json, "memory_mib", json_integer(setup->launch.mem));
	json_object_set_new(r->json, "deterministic", json_boolean(setup->launch.deterministic));
	json_object_set_new(r->json, "seed",
			    setup->launch.deterministic ? json_integer(setup->launch.seed)
							: json_null());
	json_object_set_new(r->json, "monitor_options", word_json(setup->launch.options));
	json_object_set_new(r->json, "qemu_version", version ? word_json(version) : json_null());
	json_object_set_new(r->json, "qemu_identity", identity_json(setup));
	json_object_set_new(r->json, "files", files);
	json_object_set_new(r->json, "igvm_command", words_json(igvm_words));
	json_object_set_new(r->json, "boots", json_array());
	free(version);
	save(r);
}

/* Text of a target that is no UTF-8 becomes null: a file that no tool can read would be worse. */
static json_t *text_or_null(const char *s)
{
	json_t *v = s ? json_string(s) : NULL;

	return v ? v : json_null();
}

/* What a shell would show: 128 + the number of the signal that ended it. */
static int exit_status(const struct session *s)
{
	int status = s->qemu.status;

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void record_boot(struct record *r, const struct session *s, const char *boot_cache)
{
	json_t *boots = json_object_get(r->json, "boots"), *boot = json_object();

	json_object_set_new(boot, "folder", word_json(s->folder));
	json_object_set_new(boot, "qemu", words_json(&s->command));
	json_object_set_new(boot, "qemu_status", json_integer(exit_status(s)));
	json_object_set_new(boot, "code", json_integer(s->outcome.code));
	json_object_set_new(boot, "reason", text_or_null(s->outcome.reason));
	json_object_set_new(boot, "svsm_version", text_or_null(s->svsm_version));
	json_object_set_new(boot, "refused_dma", text_or_null(s->dma_line));
	json_object_set(boot, "info", s->info);
	json_object_set_new(boot, "timeline_ms", timeline_json(&s->time));
	json_object_set_new(boot, "dropped_control_bytes",
			    json_integer((json_int_t)session_port_dropped(s)));
	json_object_set_new(boot, "control_port", text_or_null(session_port_name(s)));
	if (boot_cache)
		json_object_set_new(boot, "boot_cache", json_string(boot_cache));
	json_array_append_new(boots, boot);
	save(r);
}

/* Not saved by itself: output may be long, and the boot's end is near. */
void record_exec(struct record *r, const char *command, int code, const struct captured *output)
{
	json_t *all = json_object_get(r->json, "exec"), *one = json_object();

	if (!all) {
		all = json_array();
		json_object_set_new(r->json, "exec", all);
	}
	json_object_set_new(one, "command", word_json(command));
	json_object_set_new(one, "code", code < 0 ? json_null() : json_integer(code));
	if (output)
		captured_into(output, one);
	json_array_append_new(all, one);
}

/* The last step. The text of it may still be wanted (--json). */
void record_close(struct record *r, const struct outcome *o, const struct results *results)
{
	json_object_set_new(r->json, "seconds", json_real((double)(now_ms() - r->from) / 1000));
	json_object_set_new(r->json, "exit",
			    json_pack("{s:i, s:s, s:o}", "code", o->code, "name",
				      exitcode_name(o->code), "reason",
				      word_json(o->reason ? o->reason : "")));
	json_object_set_new(r->json, "results",
			    json_pack("{s:i, s:i, s:i, s:i}", "passed", (int)results->passed,
				      "failed", (int)results->failed, "skipped",
				      (int)results->skipped, "known", (int)results->known));
	save(r);
}

char *record_dry_run(const char *suite, const struct strlist *igvm, const struct strlist *qemu)
{
	json_t *o = json_pack("{s:s, s:o, s:o}", "suite", suite, "igvm_command", words_json(igvm),
			      "qemu", words_json(qemu));
	char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(o);
	return text;
}

void record_free(struct record *r)
{
	json_decref(r->json);
	free(r->path);
	*r = (struct record){0};
}
