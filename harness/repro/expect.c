/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/repro/expect.h"
#include "harness/repro/recipe.h"

/* results.jsonl has a line for each verdict. */
static char *failed_tests(const char *folder)
{
	char *path = str("%s/results.jsonl", folder), *all = file_text(path, NULL), *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	char *save = NULL;

	for (char *line = all ? strtok_r(all, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		json_t *one = json_loads(line, 0, NULL);

		if (strcmp(repro_text(one, "verdict"), "fail") == 0)
			fprintf(f, "%s\n", repro_text(one, "test"));
		json_decref(one);
	}
	fclose(f);
	free(all);
	free(path);
	return text;
}

struct expect expect_read(const char *folder)
{
	char *path = str("%s/run.json", folder);
	json_t *run = json_load_file(path, 0, NULL), *end = json_object_get(run, "exit");
	const json_t *code = json_object_get(end, "code");
	struct expect e = {json_is_integer(code) ? (int)json_integer_value(code) : -1,
			   str_dup(repro_text(end, "reason")), failed_tests(folder)};

	json_decref(run);
	free(path);
	return e;
}

void expect_free(struct expect *e)
{
	free(e->reason);
	free(e->failed);
}

/* Each line of the one is a line of the other. */
static bool has_all(const char *all, const char *lines)
{
	char *copy = str_dup(lines), *in = str("\n%s", all), *save = NULL;
	bool ok = true;

	for (char *l = strtok_r(copy, "\n", &save); l && ok; l = strtok_r(NULL, "\n", &save)) {
		char *whole = str("\n%s\n", l);

		ok = strstr(in, whole) != NULL;
		free(whole);
	}
	free(copy);
	free(in);
	return ok;
}

bool expect_same(const struct expect *then, const struct expect *now)
{
	return then->code == now->code && has_all(now->failed, then->failed);
}

static char *trail(const char *folder, unsigned boot)
{
	char *path =
		boot == 1 ? str("%s/trail.log", folder) : str("%s/boot%u/trail.log", folder, boot);
	char *text = file_text(path, NULL);

	free(path);
	return text;
}

struct trail_compare expect_trails(const char *then, const char *now, unsigned *boot)
{
	struct trail_compare c = {.verdict = TRAIL_EQUAL};

	for (*boot = 1; c.verdict == TRAIL_EQUAL; ++*boot) {
		char *a = trail(then, *boot), *b = trail(now, *boot);
		bool over = *boot > 1 && !a && !b;

		if (!over)
			c = trail_compare(a ? a : "", b ? b : "");
		free(a);
		free(b);
		if (over)
			break;
	}
	--*boot; /* the last one that was compared */
	return c;
}
