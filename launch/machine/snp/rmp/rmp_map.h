/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * What each page is at the end of a run, with the option rmp-map. A line for each stretch of pages
 * that are alike:
 *
 *   rmp: FIRST PAGES STATE PERMISSIONS      such as   rmp: 0x4000000 512 validated rwus rwus ----
 * ----
 *
 * STATE is "shared", "private" (not validated), "validated", "vmsa"; PERMISSIONS are those of VMPL
 * 0 to 3, read, write, user and supervisor execute, and are missing for a shared page. The last
 * line, "rmp: N stretches", tells that all of them are there.
 */
#include "base/types.h"

#define RMP_MAP_LINES 4096 /* at most; of more stretches only the number is told */

/* Does nothing without the option. Takes no lock: of what other CPUs change meanwhile either is
 * told. */
void rmp_map_print(void);
