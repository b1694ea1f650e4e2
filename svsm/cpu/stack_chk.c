/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "base/assert.h"

NORETURN void __stack_chk_fail(void);

/* GCC calls this when a function's canary has changed. */
void __stack_chk_fail(void)
{
	panic("stack smashed");
}
