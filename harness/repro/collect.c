/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* Brings the script that gathers a report along, so that it is there wherever this program is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/repro/collect.h"

/* From the project's root, where the compiler runs. */
__asm__(".pushsection .rodata\n"
	".global collect_script\n"
	"collect_script: .incbin \"harness/repro/collect.sh\"\n"
	".byte 0\n"
	".popsection\n");
extern const char collect_script[];

/* The script asks this very program what is in an IGVM file. */
static void name_ourselves(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return;
	path[n] = 0;
	setenv("KEELSON", path, 0);
}

int repro_collect(int argc, char **argv)
{
	struct strlist words = {0};

	if (argc == 2 && !strcmp(argv[1], "--print")) {
		fputs(collect_script, stdout);
		return CODE_PASSED;
	}
	name_ourselves();
	strlist_add(&words, "sh");
	strlist_add(&words, "-c");
	strlist_add(&words, collect_script);
	for (int i = 0; i < argc; i++)
		strlist_add(&words, argv[i]);
	fflush(stdout);
	execvp("sh", words.v);
	problem("there is no sh");
	return CODE_HOST;
}
