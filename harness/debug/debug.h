/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * gdb on a packed run (docs/debugging.md). FILE is one of `keelson repro pack`, or a run's folder,
 * which is packed for it. The scripts that gdb runs are in this program.
 */
struct debugging {
	const char *file, *qemu;
	const char *gdb, *vmlinux; /* the guest's kernel; NULL: its symbols are not known */
	int more;                  /* words for gdb */
	char **words;
};

/* gdb's exit status; CODE_HOST after a line on stderr. */
int debug_run(const struct debugging *d);
