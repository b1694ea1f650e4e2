/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The attestation service's program: one request after the other. It ends where its processor lacks
 * what it needs, or the kernel does not take an answer; the kernel reports that.
 */
#include "services/attest/runtime.h"
#include "services/attest/serve.h"
#include "services/lib/service.h"

NORETURN void attest_main(void);
NORETURN void attest_main(void)
{
	struct service_head head;

	if (runtime_start())
		while (service_wait(&head) == 0 && serve(&head))
			;
	for (;;)
		__builtin_trap();
}
