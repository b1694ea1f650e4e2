/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * `keelson repro collect [--print] [OPTIONS]`: the script collect.sh, which is in this program, run
 * by sh(1) with the options, or printed, for a host without Keelson. argv[0] is "collect". Returns
 * the program's exit code; does not return when the script runs.
 */
int repro_collect(int argc, char **argv);
