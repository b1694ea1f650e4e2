/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * `keelson repro pack [-o FILE] [RUN]`: a deterministic run as one file (docs/reproduce.md). RUN is
 * a run folder, by default the latest. The file has manifest.json, the images (files/), and what is
 * expected (expect/: run.json, results, logs and trails).
 */
#define REPRO_FORMAT 1

/* argv[0] is "pack". The program's exit code. */
int repro_pack(int argc, char **argv);
