/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * CPUs that stand still for good, so that the last lines of a run are the last and QEMU exits with
 * quiet vCPU threads. A CPU that is stopped in the middle of a log line ends the line first.
 */
#include "base/types.h"

/* Make every other CPU stand still (by NMI); waits a bounded time. Never returns when another CPU
 * has begun it already. */
void park_others(void);
/* This CPU is to stop for good: asked by its NMI handler, and by the log behind each line. */
bool park_asked(void);
NORETURN void park(void);
