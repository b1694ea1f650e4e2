/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The end of the SVSM: cpu/panic.c. panic() itself is in log/log.h. */
#include "base/types.h"

struct frame;

/* Panic from an exception: its registers and the stack below it. */
NORETURN void panic_frame(const struct frame *f, const char *fmt, ...) PRINTF(2, 3);

/* Everything in this CPU's ring to the console, whatever was interrupted. log/log.c. */
void log_drain_last(void);
