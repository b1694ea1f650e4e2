/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

#include "machine/host/host.h"

/* Make every other CPU stand still (by NMI), so that the last lines are the last and QEMU exits
 * with quiet vCPU threads. Waits a bounded time. When another CPU has begun it already, never
 * returns. */
void exit_stop_others(void);
/* Called by the NMI handler: true when this CPU is to stop for good. */
bool exit_stopping(void);
NORETURN void exit_park(void);
/* Leave QEMU without a word. */
NORETURN void exit_now(enum native_exit code);
