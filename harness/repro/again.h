/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * `keelson repro run FILE [--qemu PROGRAM] [--svsm ELF [--seeds A..B]] [--runs DIR]`: makes a
 * packed run again and says how it compares (docs/reproduce.md). The exit code is made for `git
 * bisect run`: that of the packed run where it was reproduced; where not, 0 for a packed failure
 * and 1 for a packed success; 125 where nothing can be said. argv[0] is "run".
 */
int repro_run(int argc, char **argv);
