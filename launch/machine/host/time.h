/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/host/host.h"

/* Calibration of the TSC against the LAPIC timer of CPU 0: begin, let some 10 ms of other work
 * pass, finish (which waits for what is missing). */
void time_calibrate_begin(void);
void time_calibrate_finish(void);
void time_fired(void); /* the timer's interrupt */
