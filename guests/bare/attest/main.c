/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite attest: its tests are in the other files of this folder. */
#include "bare/lib/bare.h"
#include "bare/lib/test.h"

void bare_main(void)
{
	test_main("attest");
}
