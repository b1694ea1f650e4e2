/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The program build/keelson: it finds out where it lies and hands the command line to one of
 * its subcommands, whose exit code is the program's. The exit codes are a contract with scripts
 * and CI (core/exitcode.h).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands.h"
#include "harness/core/exitcode.h"
#include "harness/igvm/igvm_cmd.h"
#include "harness/core/options.h"
#include "harness/core/output.h"
#include "harness/core/paths.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *shows;
} commands[] = {
	{"run", run_command,
	 "boot a guest under the SVSM, or another SVSM, once and say how it went"},
	{"test", test_command, "run suites, or single tests"},
	{"igvm", igvm_command, "build, inspect or measure an IGVM file"},
	{"verify", verify_command, "judge an attestation report, its chain, manifest and quote"},
	{"kbs", kbs_command, "a small key server, for TPM states that outlive their VM"},
	{"repro", repro_command,
	 "a run as one file, made again elsewhere; what a report from hardware needs"},
	{"debug", debug_command, "gdb on such a run, forwards and backwards"},
	{"report", report_command, "write runs as one HTML file: reasons, timelines, exits"},
	{"trail", trail_command, "compare two deterministic runs"},
	{"doctor", doctor_command, "check what this machine has and what is missing"},
};

/*
 * The overview that is printed without a subcommand, or for one that is not known. The options
 * are told by the subcommands.
 */
static int help(FILE *to, int code)
{
	fputs("usage: keelson COMMAND [OPTIONS] [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].shows);
	fputs("\nkeelson COMMAND --help tells the options.\n\nExit codes: 0 passed, 1 a test "
	      "failed, "
	      "2 usage, 3 host problem, 4 guest panic,\n5 SVSM panic or termination, 6 monitor "
	      "fault, 7 time-out, 128+N ended by signal N.\n",
	      to);
	return code;
}

static int command(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr, CODE_USAGE);
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help"))
		return help(stdout, CODE_PASSED);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	problem("no such command: %s", argv[1]);
	return help(stderr, CODE_USAGE);
}

/*
 * A program that was started with one of descriptors 0 to 2 closed would get its own files and
 * pipes there, and write its words into them. Whoever closes stdout wants nothing of it: it
 * becomes /dev/null, as do the others.
 */
static void open_standard(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			exit(CODE_HOST);
}

/* Texts like --help go out in one write, whose error is known when it is told (core/output.h). */
#define STDOUT_SIZE 65536

/* What nobody can read has not passed: the last word is that of the output. */
int main(int argc, char **argv)
{
	static char buffer[STDOUT_SIZE]; /* glibc heeds a size with a buffer only */
	int code;

	open_standard();
	if (!isatty(1))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	paths_init();
	code = command(argc, argv);
	output_stream(stdout);
	output_stream(stderr);
	return output_verdict(code);
}
