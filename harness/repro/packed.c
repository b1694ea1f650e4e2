/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdlib.h>
#include <string.h>

#include "harness/repro/archive.h"
#include "harness/repro/pack.h"
#include "harness/repro/packed.h"
#include "harness/repro/recipe.h"

static bool is_whole(const struct packed *p, const char *file)
{
	const char *name;
	json_t *hash;

	json_object_foreach(json_object_get(p->manifest, "files"), name, hash)
	{
		char *path = str("%s/files/%s", p->top, name), hex[65];
		bool ok = !strchr(name, '/') && json_is_string(hash) && file_sha256(path, hex) &&
			  strcmp(hex, json_string_value(hash)) == 0;

		free(path);
		if (!ok) {
			problem("%s: its file %s is not what its manifest says", file, name);
			return false;
		}
	}
	return true;
}

static bool is_harmless(const json_t *words)
{
	const char *verb = json_string_value(json_array_get(words, 0));

	return verb && (strcmp(verb, "run") == 0 || strcmp(verb, "test") == 0);
}

bool packed_open(struct packed *p, const char *file)
{
	char *path;
	bool ok;

	*p = (struct packed){0};
	p->folder = archive_folder();
	p->top = str("%s/" REPRO_TOP, p->folder ? p->folder : "");
	p->expect = str("%s/expect", p->top);
	if (!p->folder || !archive_unpack(file, p->folder))
		return false;
	path = str("%s/manifest.json", p->top);
	p->manifest = json_load_file(path, 0, NULL);
	free(path);
	ok = json_integer_value(json_object_get(p->manifest, "format")) == REPRO_FORMAT &&
	     is_harmless(json_object_get(p->manifest, "words"));
	if (!ok)
		problem("%s: its manifest is not of format %d", file, REPRO_FORMAT);
	p->then = expect_read(p->expect);
	return ok && is_whole(p, file);
}

void packed_close(struct packed *p)
{
	archive_remove(p->folder);
	expect_free(&p->then);
	json_decref(p->manifest);
	free(p->top);
	free(p->expect);
}
