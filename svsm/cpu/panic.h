/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/* The end of the SVSM: cpu/panic.c. panic() itself is in base/assert.h. */
#include "base/types.h"

struct frame;

/* Panic because of an exception: prints its frame and the trace of the interrupted code. */
NORETURN void panic_frame(const struct frame *f, const char *fmt, ...) PRINTF(2, 3);
