/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * Exits as they come, with the option series: for each fifth of a second and VMPL a line
 * "series: vmpl2 msr 12 hlt 3" in the log, whose time is where the sample ends. A VMPL without
 * exits in it has none. After each 500 samples they are twice as long, so that a run of any length
 * has some thousand lines.
 */
#include "base/types.h"

/* Writes what is due. The TSC at which the next sample ends; 0 without the option. CPU 0 alone. */
uint64_t series_look(void);
