/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/* A guest that says HELLO and then nothing more, so that the harness's time-out can be tested. */
#include "bare/lib/bare.h"
#include "bare/lib/control.h"

void bare_main(void)
{
	control_printf(CONTROL_HELLO, "hang\t%d", CONTROL_VERSION);
	for (;;)
		/* With interrupts off the monitor would see that nothing can come, and end it. */
		__asm__ volatile("sti; hlt");
}
