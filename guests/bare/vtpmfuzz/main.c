/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "bare.h"
#include "test.h"

void bare_main(void)
{
	test_main("vtpm-fuzz");
}
