/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* What the self-tests of user mode run. */
#include "base/types.h"
#include "services/probe/call.h"

NORETURN void probe_main(const uint64_t *stack)
{
	call(PROBE_EXIT_GROUP, stack[0], 0, 0);
	for (;;)
		;
}
