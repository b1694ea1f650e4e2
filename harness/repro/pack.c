/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/core/exitcode.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/repro/archive.h"
#include "harness/repro/images.h"
#include "harness/repro/pack.h"
#include "harness/repro/recipe.h"

/* ---- what is expected ---- */

static void add_logs_of(struct packing *p, const char *from, const char *to)
{
	static const char *const names[] = {
		"run.json",    "results.jsonl", "trail.log", "console.log", "svsm.log",
		"monitor.log", "control.log",   "qemu.log",  "script",      "state.txt"};
	char *folder = packing_folder(p, to);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = str("%s/%s", from, names[i]), *copy = str("%s/%s", folder, names[i]);

		if (file_exists(path))
			archive_copy(path, copy);
		free(path);
		free(copy);
	}
	free(folder);
}

static void add_logs(struct packing *p)
{
	size_t boots = json_array_size(json_object_get(p->run, "boots"));

	add_logs_of(p, p->run_folder, "expect");
	for (size_t n = 2; n <= boots; n++) {
		char *from = str("%s/boot%zu", p->run_folder, n), *to = str("expect/boot%zu", n);

		add_logs_of(p, from, to);
		free(from);
		free(to);
	}
}

/* ---- the manifest ---- */

static json_t *list_json(const struct strlist *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(a, json_string(l->v[i]));
	return a;
}

/* As the run noted it: the program that has its name now may be another one. */
static bool add_qemu(struct packing *p)
{
	const char *identity = repro_text(p->run, "qemu_identity");

	json_object_set_new(p->manifest, "qemu", json_string(identity));
	if (!*identity)
		problem("this run has not noted which QEMU it was: run it again");
	return *identity;
}

static bool write_manifest(struct packing *p)
{
	char *path = str("%s/manifest.json", p->top);
	char *text = json_dumps(p->manifest, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	bool ok = text && output_file(path, text);

	free(text);
	free(path);
	return ok;
}

static bool fill(struct packing *p)
{
	static const char *const kept[] = {"name", "started",      "suite", "seed",
					   "exit", "igvm_command", "host"};
	struct strlist words = {0};
	bool ok = repro_words(p->run, &words);

	json_object_set_new(p->manifest, "format", json_integer(REPRO_FORMAT));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		json_object_set(p->manifest, kept[i], json_object_get(p->run, kept[i]));
	json_object_set_new(p->manifest, "words", list_json(&words));
	json_object_set(p->manifest, "files", p->files);
	strlist_free(&words);
	return ok && add_qemu(p) && images_add(p) && write_manifest(p);
}

/* ---- the command ---- */

static bool can_be_judged(const json_t *run)
{
	const json_t *code = json_object_get(json_object_get(run, "exit"), "code");

	if (!json_is_integer(code) || json_integer_value(code) >= CODE_SIGNAL) {
		problem("this run did not come to its end");
		return false;
	}
	if (json_integer_value(json_object_get(json_object_get(run, "results"), "known"))) {
		problem("this run has failures that its --known explains: run it without");
		return false;
	}
	return true;
}

static int pack(const char *run_folder, const char *file)
{
	char *folder = archive_folder(), *json = str("%s/run.json", run_folder);
	struct packing p = {.run_folder = run_folder,
			    .run = json_load_file(json, 0, NULL),
			    .manifest = json_object(),
			    .files = json_object()};
	bool ok = folder && p.run;

	if (!p.run)
		problem("%s is no run folder: it has no run.json", run_folder);
	p.top = str("%s/" REPRO_TOP, folder ? folder : "");
	ok = ok && can_be_judged(p.run) && fill(&p);
	if (ok) {
		add_logs(&p);
		ok = archive_pack(folder, file);
	}
	if (ok)
		printf("%s: `keelson repro run %s` makes it again\n", file, file);
	json_decref(p.run);
	json_decref(p.manifest);
	json_decref(p.files);
	free(p.top);
	free(json);
	archive_remove(folder);
	return ok ? CODE_PASSED : CODE_HOST;
}

int repro_pack(int argc, char **argv)
{
	const char *file = NULL, *run = NULL;
	char *runs = paths_runs(), *latest = str("%s/latest", runs), *name = NULL;
	int code;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
			file = argv[++i];
		} else if (*argv[i] == '-' || run) {
			problem("repro pack takes -o FILE and a run folder, not '%s'", argv[i]);
			return CODE_USAGE;
		} else {
			run = argv[i];
		}
	}
	if (!run)
		run = latest;
	name = realpath(run, NULL);
	if (!file)
		file = str("%s.repro", name && strrchr(name, '/') ? strrchr(name, '/') + 1 : "run");
	code = pack(run, file);
	free(runs);
	free(latest);
	free(name);
	return code;
}
