/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite crowd: as many vCPUs as the machine has, in a guest that boots in no time. */
#include "bare/lib/bare.h"
#include "bare/lib/test.h"

void bare_main(void)
{
	test_main("crowd");
}
