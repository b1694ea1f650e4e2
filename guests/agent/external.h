/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Tests that are programs of the guest image, /tests/... (docs/writing-tests.md tells what they
 * say), and command lines of the host's. Which programs are tests of this boot: keelson.tests= on
 * the kernel's command line, patterns split by commas; "own" stands for the agent's own tests and
 * is what there is without the option.
 */
#include "base/types.h"

/* Those of the harness (CONTROL_SELECT) count instead of the command line's, from now on. */
void external_select(const char *patterns);
bool external_own_wanted(void);
/* Sends a CONTROL_TEST for each; how many. Each program is asked once a boot. */
unsigned external_list(void);
const char *external_name(unsigned i); /* of the i-th of them; NULL: there are no more */
/* False: no such test. */
bool external_run(const char *name);

/* ---- exec.c ---- */
/* Runs it by /bin/sh, sends its output and CONTROL_EXEC_END. */
void exec_command(const char *line);

/* ---- hostfile.c ---- */
/* Copies a file into the run's folder on the host; answer: "ok" or "error..." */
void host_file(const char *name, const char *path, char *answer, size_t size);
