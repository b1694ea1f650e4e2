/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The function that GCC's stack protector calls when a canary has changed. boot/early.c sets the
 * canary.
 */
#include "base/assert.h"

NORETURN void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	panic("stack smashed");
}
