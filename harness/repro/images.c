/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/core/paths.h"
#include "harness/core/util.h"
#include "harness/repro/archive.h"
#include "harness/repro/images.h"
#include "harness/repro/recipe.h"

char *packing_folder(const struct packing *p, const char *folder)
{
	char *path = str("%s/%s", p->top, folder);

	mkdir(path, 0777);
	return path;
}

static bool add_file(struct packing *p, const char *what, const char *path)
{
	char *folder = packing_folder(p, "files"), *to = str("%s/%s", folder, what), hex[65];
	bool ok = archive_copy(path, to) && file_sha256(to, hex);

	if (ok)
		json_object_set_new(p->files, what, json_string(hex));
	free(folder);
	free(to);
	return ok;
}

/* A good run has removed its IGVM file; the same words make the same bytes. */
static bool make_igvm_again(struct packing *p, const char *path)
{
	const json_t *words = json_object_get(p->run, "igvm_command");
	struct strlist list = {0};
	bool ok;

	strlist_add(&list, paths_self());
	for (size_t i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		strlist_add(&list, word ? word : "");
	}
	free(list.v[list.n - 1]);
	list.v[list.n - 1] = str_dup(path); /* it ends with --output FILE */
	ok = archive_run(&list) == 0;
	strlist_free(&list);
	return ok;
}

/* The file of the run as it was then. */
static bool is_same(const json_t *file)
{
	char hex[65];

	return file_sha256(repro_text(file, "path"), hex) &&
	       strcmp(hex, repro_text(file, "sha256")) == 0;
}

static bool add_igvm(struct packing *p)
{
	const json_t *file = json_object_get(json_object_get(p->run, "files"), "igvm");
	const char *expected = repro_text(file, "sha256");
	char *made = str("%s/made.igvm", p->top), hex[65];
	bool ok = is_same(file) ? add_file(p, "igvm", repro_text(file, "path"))
				: make_igvm_again(p, made) && file_sha256(made, hex) &&
					  strcmp(hex, expected) == 0 && add_file(p, "igvm", made);

	if (!ok)
		problem("the run's IGVM file is gone, and what it was built of has changed: run it "
			"again with --keep");
	remove(made);
	free(made);
	return ok;
}

/* The run has not written to it; who has since then cannot be told. */
static bool add_disk(struct packing *p)
{
	const json_t *disk = json_object_get(json_object_get(p->run, "files"), "disk");
	json_int_t size = json_integer_value(json_object_get(disk, "size"));

	if (size > IMAGES_DISK_MOST) {
		problem("the run's disk has %lld MiB: one of at most %lld is packed",
			(long long)(size >> 20), IMAGES_DISK_MOST >> 20);
		return false;
	}
	if (disk && is_same(disk))
		return add_file(p, "disk", repro_text(disk, "path"));
	problem("the run's disk %s has changed since the run", repro_text(disk, "path"));
	return false;
}

bool images_add(struct packing *p)
{
	static const char *const parts[] = {"svsm", "firmware", "kernel", "initrd", "bare"};
	const json_t *files = json_object_get(p->run, "files");
	const json_t *monitor = json_object_get(files, "monitor");

	if (!is_same(monitor)) {
		problem("%s has changed since the run", repro_text(monitor, "path"));
		return false;
	}
	if (repro_disk(p->run) && !add_disk(p))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const json_t *part = json_object_get(files, parts[i]);

		if (part && is_same(part) && !add_file(p, parts[i], repro_text(part, "path")))
			return false;
		if (part && !is_same(part))
			problem("%s has changed since the run, and stays behind: --svsm will not "
				"work",
				repro_text(part, "path"));
	}
	return add_file(p, "monitor", repro_text(monitor, "path")) && add_igvm(p);
}
