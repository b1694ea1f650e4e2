/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The subcommands; each gets argv with its own name first and returns the program's exit code. */
int run_command(int argc, char **argv);
int test_command(int argc, char **argv);
int report_command(int argc, char **argv);
int trail_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int repro_command(int argc, char **argv);
int verify_command(int argc, char **argv);
int kbs_command(int argc, char **argv);
int debug_command(int argc, char **argv);
