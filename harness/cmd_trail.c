/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson trail [--json] A B: are two deterministic runs the same one? A and B are run folders,
 * whose boots are compared one by one, or trail.log files.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/report/trail.h"

static bool is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* The trail of a run's n-th boot, from 1 on; of a file, which has one. NULL: there is none. */
static char *trail_of(const char *path, unsigned n)
{
	char *file = !is_folder(path) ? str_dup(path)
		     : n == 1         ? str("%s/trail.log", path)
				      : str("%s/boot%u/trail.log", path, n);
	char *text = is_folder(path) || n == 1 ? file_text(file, NULL) : NULL;

	free(file);
	return text;
}

static void tell_difference(const struct trail_compare *c, unsigned boot)
{
	if (*c->a) {
		printf("boot %u differs at exit %llu\n  %s\n  %s\n", boot,
		       (unsigned long long)c->from, c->a, c->b);
		return;
	}
	printf("boot %u differs between exit %llu and %llu; run both again with --trail-from %llu "
	       "to see them\n",
	       boot, (unsigned long long)c->from, (unsigned long long)c->to,
	       (unsigned long long)c->from - 1);
}

/* 0: equal; 1: not, or nobody knows; 3: there is nothing to compare. */
static int code_of(const struct trail_compare *c)
{
	if (c->verdict == TRAIL_NONE)
		return CODE_HOST;
	return c->verdict == TRAIL_EQUAL ? CODE_PASSED : CODE_FAILED;
}

/* Says how it is; the exit code. */
static int tell(const struct trail_compare *c, unsigned boot)
{
	switch (c->verdict) {
	case TRAIL_EQUAL:
		printf("boot %u equal: %llu exits, %s\n", boot, (unsigned long long)c->exits,
		       c->hash);
		break;
	case TRAIL_DIFFERS:
		tell_difference(c, boot);
		break;
	case TRAIL_SHORT:
		printf("boot %u equal up to exit %llu, where one of them was cut off\n", boot,
		       (unsigned long long)c->from);
		break;
	case TRAIL_NONE:
		problem("boot %u: one of them has no trail; was it run with --deterministic?",
			boot);
		break;
	}
	return code_of(c);
}

/* One line of docs/json-schema.json's "trail". What does not belong to the verdict is left out. */
static void tell_json(const struct trail_compare *c, unsigned boot)
{
	static const char *const names[] = {"equal", "differs", "cut", "none"};
	bool equal = c->verdict == TRAIL_EQUAL, differs = c->verdict == TRAIL_DIFFERS;
	json_t *o = json_pack("{s:i, s:s}", "boot", (int)boot, "verdict", names[c->verdict]);
	char *text;

	if (equal || c->verdict == TRAIL_SHORT)
		json_object_set_new(o, "exits",
				    json_integer((json_int_t)(equal ? c->exits : c->from)));
	if (equal)
		json_object_set_new(o, "hash", json_string(c->hash));
	if (differs) {
		json_object_set_new(o, "from", json_integer((json_int_t)c->from));
		json_object_set_new(o, "to", json_integer((json_int_t)c->to));
	}
	if (differs && *c->a)
		json_object_set_new(o, "lines", json_pack("[s, s]", c->a, c->b));
	text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	puts(text);
	free(text);
	json_decref(o);
}

/* Boot by boot, up to the first that is not equal; the exit code. */
static int compare(const char *one, const char *other, bool json)
{
	int code = CODE_PASSED;

	for (unsigned boot = 1; code == CODE_PASSED; boot++) {
		char *a = trail_of(one, boot), *b = trail_of(other, boot);
		struct trail_compare c;

		if (boot > 1 && !a && !b)
			break;
		c = trail_compare(a ? a : "", b ? b : "");
		if (json)
			tell_json(&c, boot);
		code = json ? code_of(&c) : tell(&c, boot);
		free(a);
		free(b);
	}
	return code;
}

int trail_command(int argc, char **argv)
{
	bool help = argc == 2 && !strcmp(argv[1], "--help");
	bool json = argc == 4 && !strcmp(argv[1], "--json");

	if (!json && (argc != 3 || argv[1][0] == '-')) {
		fputs("usage: keelson trail [--json] A B\n  two run folders, or trail.log files, "
		      "of "
		      "deterministic runs (docs/reproduce.md)\n",
		      help ? stdout : stderr);
		return help ? CODE_PASSED : CODE_USAGE;
	}
	return compare(argv[argc - 2], argv[argc - 1], json);
}
