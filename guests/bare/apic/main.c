/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite apic: its tests are in the other files of this folder. takeover.c comes last, because
 * what it does cannot be undone. */
#include "bare/lib/bare.h"
#include "bare/lib/test.h"

void bare_main(void)
{
	test_main("apic");
}
