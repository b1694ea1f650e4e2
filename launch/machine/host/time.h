/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The time-stamp counter and this CPU's one-shot timer. */
#include "base/types.h"

uint64_t host_tsc_khz(void); /* 0 until time_calibrate_finish() */
/* One-shot on this CPU: ends host_halt() and makes the guest exit. */
void host_timer_arm(uint64_t tsc_deadline);
void host_timer_stop(void);

/* Calibration of the TSC against the LAPIC timer of CPU 0: begin, let some 10 ms of other work
 * pass, finish (which waits for what is missing). */
void time_calibrate_begin(void);
void time_calibrate_finish(void);
void time_fired(void); /* the timer's interrupt */
