/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* The suite vtpm-alone: one vCPU, and no CPU for the TPM but that one (alone.c). */
#include "bare/lib/bare.h"
#include "bare/lib/test.h"

void bare_main(void)
{
	test_main("vtpm-alone");
}
