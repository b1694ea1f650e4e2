/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */
#pragma once

/*
 * The end of an image that finds itself wrong. Whoever links this header's users brings panic():
 * the SVSM's is cpu/panic.c, a unit test's its own.
 */
#include "base/types.h"

/* For what cannot happen, or leaves nothing to go on with; never for what a guest or a host can
 * cause. The SVSM's prints a symbolised stack trace and ends the guest (set 0, reason 0). */
NORETURN void panic(const char *fmt, ...) PRINTF(1, 2);
#define ASSERT(c) ((c) ? (void)0 : panic("%s:%d: assertion %s", __FILE__, __LINE__, #c))
