/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Keelson Authors */

/*
 * The last thing that a run does. QEMU leaves when isa-debug-exit is written to, and its exit
 * status tells the harness whose fault the end was (abi/machine.h).
 */
#include "machine/host/exit.h"
#include "machine/host/log.h"
#include "machine/host/park.h"
#include "machine/host/upcall.h"
#include "base/x86.h"

void exit_now(enum machine_end code)
{
	outl(MACHINE_EXIT_PORT, code);
	for (;;) /* no isa-debug-exit device: stand still */
		__asm__ volatile("cli; hlt");
}

/* The others stand still first, so that no line follows this one. */
void host_exit(enum machine_end code, const char *fmt, ...)
{
	va_list ap;

	park_others();
	upcall_end();
	va_start(ap, fmt);
	log_vprint("exit: ", fmt, ap);
	va_end(ap);
	exit_now(code);
}
