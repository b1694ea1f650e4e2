/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* keelson debug: gdb on a run that can be made again, forwards and backwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/debug/debug.h"

static const char usage_text[] =
	"usage: keelson debug [OPTIONS] FILE [GDB'S WORDS]   gdb on a file of repro pack, or a "
	"run's folder\n"
	"         --qemu PROGRAM                   by this QEMU\n"
	"         --gdb PROGRAM                    by this gdb\n"
	"         --vmlinux ELF                    of the guest's kernel, for its symbols\n"
	"(docs/debugging.md)\n";

static bool take(struct debugging *d, int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && *argv[i] == '-'; i += 2) {
		const char *word = argv[i];
		const char **slot = strcmp(word, "--qemu") == 0      ? &d->qemu
				    : strcmp(word, "--gdb") == 0     ? &d->gdb
				    : strcmp(word, "--vmlinux") == 0 ? &d->vmlinux
								     : NULL;

		if (!slot)
			return false;
		*slot = argv[i + 1];
	}
	if (i >= argc || *argv[i] == '-')
		return false;
	d->file = argv[i++];
	d->more = argc - i;
	d->words = argv + i;
	return true;
}

int debug_command(int argc, char **argv)
{
	const char *qemu = getenv("QEMU");
	struct debugging d = {.qemu = qemu && *qemu ? qemu : "qemu-system-x86_64", .gdb = "gdb"};

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage_text, stdout);
		return CODE_PASSED;
	}
	if (!take(&d, argc, argv)) {
		fputs(usage_text, stderr);
		return CODE_USAGE;
	}
	return debug_run(&d);
}
