/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/qemu/identity.h"
#include "launch/profiles/ask.h"

/* False: it cannot be read. */
static bool add_file(FILE *f, const char *what, const char *path)
{
	char hex[65];

	if (!file_sha256(path, hex))
		return false;
	fprintf(f, "%s:%s\n", what, hex);
	return true;
}

/* As execvp() finds it (malloc'ed); the name itself where it finds nothing. */
static char *program(const char *name)
{
	const char *path = getenv("PATH");
	char *copy = str_dup(path ? path : "/usr/bin:/bin"), *save = NULL, *found = NULL;

	for (char *dir = strchr(name, '/') ? NULL : strtok_r(copy, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		found = str("%s/%s", dir, name);
		if (access(found, X_OK) == 0)
			continue;
		free(found);
		found = NULL;
	}
	free(copy);
	return found ? found : str_dup(name);
}

/* SeaBIOS, its loader of -kernel, and the ROM that every x86 machine has: QEMU 7.2, hw/i386/x86.c,
 * hw/i386/multiboot.c, hw/i386/kvmvapic.c. Of several folders the first one counts, and so each
 * file of each. */
static bool add_roms(FILE *f, const char *qemu)
{
	static const char *const roms[] = {"bios-256k.bin", "multiboot_dma.bin", "multiboot.bin",
					   "kvmvapic.bin"};
	int status;
	char *dirs = ask_program((const char *[]){qemu, "-L", "help", NULL}, &status);
	char *save = NULL;
	bool ok = true;

	for (char *dir = strtok_r(dirs, "\n", &save); dir; dir = strtok_r(NULL, "\n", &save))
		for (size_t i = 0; i < ARRAY_LEN(roms); i++) {
			char *path = str("%s/%s", dir, roms[i]);

			if (file_exists(path))
				ok &= add_file(f, roms[i], path);
			free(path);
		}
	free(dirs);
	return ok;
}

char *qemu_identity(const char *qemu)
{
	char *text = NULL, *path = program(qemu), *version = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool ok = add_file(f, "qemu", path);

	ask_qemu_version(qemu, &version);
	fprintf(f, "%s\n", version ? version : "");
	ok &= add_roms(f, qemu);
	fclose(f);
	free(version);
	free(path);
	if (ok)
		return text;
	free(text);
	return NULL;
}
