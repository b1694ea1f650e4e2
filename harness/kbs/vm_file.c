/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/util.h"
#include "harness/kbs/vm_file.h"

static json_t *fresh(void)
{
	return json_pack("{s:I, s:[], s:[]}", "proved", (json_int_t)0, "keys", "launches");
}

/* NULL after a message: it is there and cannot be used, so nothing may be put in its place. */
json_t *vm_file_load(int folder, const char *path, const char *vm)
{
	char *name = str("%s" VM_FILE_SUFFIX, vm);
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	json_error_t error = {.text = ""};
	json_t *top = NULL;

	if (fd < 0 && errno == ENOENT)
		top = fresh();
	else if (fd >= 0)
		top = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	if (!top || !json_is_array(json_object_get(top, "keys")) ||
	    !json_is_array(json_object_get(top, "launches"))) {
		problem("kbs: %s/%s: %s", path, name,
			fd < 0        ? strerror(errno)
			: *error.text ? error.text
				      : "not of a key server");
		json_decref(top);
		top = NULL;
	}
	if (fd >= 0)
		close(fd);
	free(name);
	return top;
}

/* The old file or the new one, whenever the power goes. */
static bool replace(int folder, const char *name, json_t *top)
{
	char *temporary = str(".%s.new", name);
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && json_dumpfd(top, fd, JSON_INDENT(1)) == 0 && fsync(fd) == 0;

	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && renameat(folder, temporary, folder, name) == 0 && fsync(folder) == 0;
	free(temporary);
	return ok;
}

bool vm_file_save(int folder, const char *path, const char *vm, json_t *top)
{
	char *name = str("%s" VM_FILE_SUFFIX, vm);
	bool ok = replace(folder, name, top);

	if (!ok)
		problem("kbs: %s/%s: %s", path, name, strerror(errno));
	free(name);
	return ok;
}
