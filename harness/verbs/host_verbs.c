/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * What a target may ask of the host, as a table of verbs. A verb gets its arguments as the
 * target wrote them, trusts none of them, and always answers: the target waits for the reply.
 * "error..." means refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verbs/checkquote.h"
#include "harness/verbs/host_verbs.h"
#include "lib/base64.h"
#include "lib/control_frame.h"
#include "lib/crc32.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"

typedef void (*verb_fn)(const struct host_context *c, char *args, char *answer, size_t size);

/* The path of a thing that the target may name; NULL when it has none. */
static const char *object(const struct host_context *c, const char *name)
{
	return strcmp(name, "disk") == 0 ? c->disk : NULL;
}

static void refuse(char *answer, size_t size, const char *why)
{
	snprintf(answer, size, "error: %s", why);
}

/* For tests of the port itself. */
static void verb_echo(const struct host_context *c UNUSED, char *args, char *answer, size_t size)
{
	snprintf(answer, size, "%s", args);
}

/* The disk as the host sees it: tests compare it with what the guest read or wrote. */
static void verb_sha256(const struct host_context *c, char *args, char *answer, size_t size)
{
	const char *path = object(c, args);
	char hex[65];

	if (!path)
		refuse(answer, size, "no such object in this run");
	else if (!file_sha256(path, hex))
		refuse(answer, size, "the file cannot be read");
	else
		snprintf(answer, size, "%s %lld", hex, (long long)file_size(path));
}

/* The same, cheap enough for a guest that has no SHA-256. */
static void verb_crc32(const struct host_context *c, char *args, char *answer, size_t size)
{
	const char *path = object(c, args);
	unsigned char buf[65536];
	unsigned long long all = 0;
	uint32_t crc = 0;
	size_t n;
	FILE *f = path ? fopen(path, "rbe") : NULL;

	if (!f) {
		refuse(answer, size,
		       path ? "the file cannot be read" : "no such object in this run");
		return;
	}
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
		crc = crc32_update(crc, buf, n);
		all += n;
	}
	fclose(f);
	snprintf(answer, size, "%08x %llu", crc, all);
}

/* Some tests hold on one platform only. */
static void verb_platform(const struct host_context *c, char *args UNUSED, char *answer,
			  size_t size)
{
	snprintf(answer, size, "%s", c->platform);
}

/* Both directions: base64 is cut into pieces that fit a frame. */
static void verb_file(const struct host_context *c, char *args, char *answer, size_t size)
{
	char *save = NULL, *verb = strtok_r(args, " ", &save), *name = strtok_r(NULL, " ", &save);
	char *offset = strtok_r(NULL, " ", &save), *base64 = strtok_r(NULL, " ", &save);
	char piece[BASE64_LENGTH(HOST_FILE_PIECE) + 1] = "";
	const char *why = "file put NAME OFFSET BASE64, file get NAME OFFSET";

	if (offset && strcmp(verb, "put") == 0)
		why = host_files_put(c->files, name, offset, base64 ? base64 : "");
	else if (offset && !base64 && strcmp(verb, "get") == 0)
		why = host_files_get(c->files, name, offset, piece);
	if (why)
		refuse(answer, size, why);
	else
		snprintf(answer, size, *piece ? "ok %s" : "ok", piece);
}

/* From now on a reset of the machine is what the test wants (session.c). */
static void verb_reset(const struct host_context *c, char *args UNUSED, char *answer, size_t size)
{
	if (!c->reset) {
		refuse(answer, size, "no test runs that could go on after it");
		return;
	}
	*c->reset = true;
	snprintf(answer, size, "ok");
}

/* The last announcement holds. Nothing but tabs would fit any exit line and is refused. */
static void verb_end(const struct host_context *c, char *args, char *answer, size_t size)
{
	char *texts;
	unsigned long code = strtoul(args, &texts, 10);

	if (!c->end) {
		refuse(answer, size, "no test runs that it could end");
		return;
	}
	if ((code != CODE_GUEST && code != CODE_SVSM) || *texts != '\t' ||
	    !texts[strspn(texts, "\t")]) {
		refuse(answer, size, "end CODE TEXT...: CODE is 4 or 5");
		return;
	}
	free(c->end->texts);
	*c->end = (struct announced_end){(int)code, str_dup(texts + 1)};
	snprintf(answer, size, "ok");
}

static void verb_checkquote(const struct host_context *c, char *args, char *answer, size_t size)
{
	checkquote_here(c->files, args, answer, size);
}

static void verb_tpm2_checkquote(const struct host_context *c, char *args, char *answer,
				 size_t size)
{
	checkquote_tool(c->files, args, answer, size);
}

static void verb_checksignature(const struct host_context *c, char *args, char *answer, size_t size)
{
	checkquote_signature(c->files, args, answer, size);
}

static const struct {
	const char *name;
	verb_fn fn;
} verbs[] = {
	{"echo", verb_echo},
	{"sha256", verb_sha256},
	{"crc32", verb_crc32},
	{"platform", verb_platform},
	{"file", verb_file},
	{"reset", verb_reset},
	{"end", verb_end},
	{"checkquote", verb_checkquote},
	{"tpm2_checkquote", verb_tpm2_checkquote},
	{"checksignature", verb_checksignature},
};

/* The table is searched by name; a verb that is not there is refused like a bad argument. */
void host_verb(const struct host_context *c, char *request, char *answer, size_t size)
{
	char *field[2];

	control_frame_fields(request, field, 2);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(field[0], verbs[i].name) != 0)
			continue;
		verbs[i].fn(c, field[1], answer, size);
		return;
	}
	refuse(answer, size, "no such verb");
}
