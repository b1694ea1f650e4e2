/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * How an image ends when it finds that it is wrong itself. Every program that links a user of this
 * header defines panic(): the SVSM in cpu/panic.c, a unit test one of its own.
 */
#include "base/types.h"

/* For what cannot happen, or leaves nothing to go on with; never for what a guest or a host can
 * cause. The SVSM prints a stack trace with symbols and ends the guest (termination set 0, reason
 * 0). */
NORETURN void panic(const char *fmt, ...) PRINTF(1, 2);
#define ASSERT(c) ((c) ? (void)0 : panic("%s:%d: assertion %s", __FILE__, __LINE__, #c))
