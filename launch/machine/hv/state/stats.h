/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* hv_count()'s sums, by VMPL. */

/* "stats: KEY VALUE" lines to the monitor's log; only at the end of a run. */
void stats_print(void);
