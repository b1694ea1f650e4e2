/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/repro/archive.h"
#include "harness/repro/pack.h"
#include "harness/repro/packed.h"
#include "harness/repro/recipe.h"

static bool is_whole(const struct packed *p, const char *file)
{
	json_t *files = json_object_get(p->manifest, "files"), *hash;
	const char *name;

	if (!json_object_get(files, "monitor") || !json_object_get(files, "igvm")) {
		problem("%s: it has no monitor or no IGVM file", file);
		return false;
	}
	json_object_foreach(files, name, hash)
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

/* A link would lead out of the folder, and a FIFO or a device would be read for ever. */
static int is_plain(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)type;
	(void)at;
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? 0 : 1;
}

#define DESCRIPTORS 16

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
	if (nftw(p->folder, is_plain, DESCRIPTORS, FTW_PHYS) != 0) {
		problem("%s: it has something in it that is neither a file nor a folder", file);
		return false;
	}
	path = str("%s/manifest.json", p->top);
	p->manifest = json_load_file(path, 0, NULL);
	free(path);
	ok = json_integer_value(json_object_get(p->manifest, "format")) == REPRO_FORMAT &&
	     repro_allowed(json_object_get(p->manifest, "words"));
	if (!ok)
		problem("%s: its manifest is not of format %d, or has words that it may not have",
			file, REPRO_FORMAT);
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
