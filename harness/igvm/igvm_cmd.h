/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* `keelson igvm build|inspect|measure|pcrs|id-block`. argv[0] is "igvm". Returns an exit code of
 * blob.h. */
int igvm_command(int argc, char **argv);

int igvm_inspect_command(int argc, char **argv);
int igvm_measure_command(int argc, char **argv);
int igvm_pcrs_command(int argc, char **argv);
int igvm_id_block_command(int argc, char **argv);
