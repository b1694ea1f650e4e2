/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest that dies, so that the harness can be tested. Each test ends the run. */
#include "bare/lib/bare.h"
#include "bare/lib/ghcb.h"
#include "bare/lib/test.h"

TEST(terminate, "terminate", "the guest asks for termination (GHCB MSR protocol, set 0 reason 0)",
     "ghcb:msr:terminate")
{
	ghcb_terminate(0, 0);
}

TEST(triple_fault, "triple-fault", "an exception with an empty IDT", "apm:8.2.9:shutdown")
{
	struct {
		uint16_t limit;
		uint64_t base;
	} PACKED empty = {0, 0};

	__asm__ volatile("lidt %0\n\tud2" : : "m"(empty));
}

void bare_main(void)
{
	test_main("panic");
}
