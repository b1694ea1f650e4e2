/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* `keelson igvm build|inspect|measure`. argv[0] is "igvm". Returns the harness's exit code. */
int igvm_command(int argc, char **argv);

/* Exit codes of these commands, as in the harness's contract */
enum igvm_exit {
	IGVM_EXIT_OK = 0,
	IGVM_EXIT_BAD_FILE = 1, /* an input is malformed or does not fit */
	IGVM_EXIT_USAGE = 2,
	IGVM_EXIT_HOST = 3, /* a file cannot be read or written */
};

int igvm_inspect_command(int argc, char **argv);
int igvm_measure_command(int argc, char **argv);
