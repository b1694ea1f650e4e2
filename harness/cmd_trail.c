/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * keelson trail A B: are two deterministic runs the same one? A and B are run folders, whose boots
 * are compared one by one, or trail.log files.
 */
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

/* Says how it is; the exit code. */
static int tell(const struct trail_compare *c, unsigned boot)
{
	switch (c->verdict) {
	case TRAIL_EQUAL:
		printf("boot %u equal: %llu exits, %s\n", boot, (unsigned long long)c->exits,
		       c->hash);
		return CODE_PASSED;
	case TRAIL_DIFFERS:
		tell_difference(c, boot);
		return CODE_FAILED;
	case TRAIL_SHORT:
		printf("boot %u equal up to exit %llu, where one of them was cut off\n", boot,
		       (unsigned long long)c->from);
		return CODE_FAILED;
	case TRAIL_NONE:
		break;
	}
	problem("boot %u: one of them has no trail; was it run with --deterministic?", boot);
	return CODE_HOST;
}

int trail_command(int argc, char **argv)
{
	int code = CODE_PASSED;

	if (argc != 3 || !strcmp(argv[1], "--help")) {
		fputs("usage: keelson trail A B\n  two run folders, or trail.log files, of "
		      "deterministic runs (docs/reproduce.md)\n",
		      argc == 2 ? stdout : stderr);
		return argc == 2 && !strcmp(argv[1], "--help") ? CODE_PASSED : CODE_USAGE;
	}
	for (unsigned boot = 1; code == CODE_PASSED; boot++) {
		char *a = trail_of(argv[1], boot), *b = trail_of(argv[2], boot);
		struct trail_compare c;

		if (boot > 1 && !a && !b)
			break;
		c = trail_compare(a ? a : "", b ? b : "");
		code = tell(&c, boot);
		free(a);
		free(b);
	}
	return code;
}
