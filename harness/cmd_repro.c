/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* keelson repro: a problem, carried from one machine to another. */
#include <stdio.h>
#include <string.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/core/util.h"
#include "harness/repro/collect.h"
#include "harness/repro/pack.h"
#include "harness/repro/again.h"

static const char usage_text[] =
	"usage: keelson repro pack [-o FILE] [RUN]  a deterministic run (the latest one) as one "
	"file\n"
	"       keelson repro run FILE             make it again: reproduced, not reproduced, or "
	"diverged\n"
	"         --qemu PROGRAM                   by this QEMU\n"
	"         --svsm ELF [--seeds A..B]        with another SVSM in it, for git bisect run; "
	"by these\n"
	"                                          seeds, until one reproduces it\n"
	"         --runs DIR                       where the run's folder goes\n"
	"       keelson repro collect [OPTIONS]    gather what a report from SEV-SNP or TDX "
	"hardware "
	"needs:\n"
	"                                          one archive, one text (--help: the options)\n"
	"       keelson repro collect --print      the script that does it, for a host without "
	"Keelson\n";

int repro_command(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "collect"))
		return repro_collect(argc - 1, argv + 1);
	if (argc >= 2 && !strcmp(argv[1], "pack"))
		return repro_pack(argc - 1, argv + 1);
	if (argc >= 2 && !strcmp(argv[1], "run"))
		return repro_run(argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		return CODE_PASSED;
	}
	if (argc >= 2)
		problem("no such command: repro %s", argv[1]);
	fputs(usage_text, stderr);
	return CODE_USAGE;
}
