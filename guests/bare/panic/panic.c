/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest that dies, or should and does not, so that the harness can be tested. Each test fails. */
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

TEST(survives, "survives", "the end that it announces does not come", "keelson:announced-end")
{
	test_must_end(TEST_END_GUEST, "VMPL 2");
	CHECK(true);
}

TEST(dies_otherwise, "dies-otherwise", "another end than the one it announces",
     "keelson:announced-end")
{
	test_must_end(TEST_END_GUEST, "VMPL 2\tno permission");
	ghcb_terminate(0, 0);
}

void bare_main(void)
{
	test_main("panic");
}
