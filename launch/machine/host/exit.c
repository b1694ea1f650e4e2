/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

#include "machine/host/exit.h"
#include "machine/host/log.h"
#include "machine/host/park.h"
#include "base/x86.h"

void exit_now(enum machine_end code)
{
	outl(MACHINE_EXIT_PORT, code);
	for (;;) /* no isa-debug-exit device: stand still */
		__asm__ volatile("cli; hlt");
}

void host_exit(enum machine_end code, const char *fmt, ...)
{
	va_list ap;

	park_others();
	va_start(ap, fmt);
	log_vprint("exit: ", fmt, ap);
	va_end(ap);
	exit_now(code);
}
